import { describe, expect, it } from 'vitest';
import { externalWait } from '../../../src/analyze/rules/external-wait.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

/** Twelve workers, 12,200 requests a second, 20 ms a request: a fifth of a core, and nobody at work. */
const waiting: SyntheticOptions = {
  latenciesNs: [20e6],
  process: (row) => ({ cpuUserMs: row.atMs * 0.1, cpuSystemMs: row.atMs * 0.1, runQueueDelayMs: 0 }),
};

const asking = drawProfile(
  `
  80                                      20
  80000000                                20000000
  onMessage@src/server.ts:40              onlookup@node:dns:70
  resolveHost@src/server.ts:77            answer@src/server.ts:80
  lookup@node:dns:140
  `,
  {
    valueTypes: [
      { type: 'sample', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
  },
);

describe('external-wait', () => {
  it('is found where latency is far above what the CPU explains, and names who asks', () => {
    const finding = externalWait(syntheticEvidence({ ...waiting, profiles: { cpu: asking } }));
    expect(finding).toMatchObject({ verdict: 'found', severity: 'warning', confidence: 'medium' });
    expect(finding.share).toBeGreaterThan(0.95);
    expect(finding.subject?.function).toBe('resolveHost');
    expect(finding.summary).toContain('DNS');
    const law = finding.evidence.find((line) => line.metric.includes("Little's law"));
    expect(law?.value).toBeGreaterThan(200);
  });

  it('has low confidence where no stack tells for what', () => {
    expect(externalWait(syntheticEvidence(waiting))).toMatchObject({
      verdict: 'found',
      confidence: 'low',
      subject: null,
    });
  });

  it('names the function that blocks its thread by wall time without CPU time', () => {
    const cpu = drawProfile(
      `
      5000000000                   100000000
      1000000                      100000000
      onMessage@src/server.ts:40   onMessage@src/server.ts:40
      authorize@src/server.ts:66   encodePeers@src/encode.ts:12
      spawnSync@node:child_process:700
      `,
      {
        valueTypes: [
          { type: 'wall', unit: 'nanoseconds' },
          { type: 'cpu', unit: 'nanoseconds' },
        ],
      },
    );
    const finding = externalWait(syntheticEvidence({ ...waiting, profiles: { cpu } }));
    expect(finding.subject?.function).toBe('authorize');
    expect(finding.summary).toContain('another process');
    expect(finding.confidence).toBe('high');
  });

  it('takes no address that node:dgram looks up for each datagram for a wait for DNS', () => {
    const cpu = drawProfile(
      `
      200                            30
      onMessage@src/server.ts:40     onMessage@src/server.ts:40
      reply@src/server.ts:44         check@src/server.ts:60
      Socket.send@node:dgram:600     setTimeout@node:timers:140
      lookup4@node:internal/dgram:30
      lookup@node:dns:140
      `,
      { valueTypes: [{ type: 'sample', unit: 'count' }] },
    );
    const finding = externalWait(syntheticEvidence({ ...waiting, profiles: { cpu } }));
    expect(finding.subject?.function).toBe('check');
    expect(finding.summary).toContain('waits for a timer');
  });

  it('names where Go’s goroutines stand, and not those of the pprof endpoint', () => {
    const goroutine = drawProfile(
      `
      90                              200
      main.serve@/app/main.go:50      main.idle@/app/main.go:9
      main.ask@/app/main.go:70        net/http.(*Server).Serve@net/http/server.go:1
      time.Sleep@runtime/time.go:1    net/http.(*Client).Do@net/http/client.go:1
      `,
      { valueTypes: [{ type: 'goroutine', unit: 'count' }], runtime: 'go' },
    );
    const options = { ...waiting, target: { runtime: 'go1.26.8' }, profiles: { goroutine } };
    const finding = externalWait(syntheticEvidence(options));
    expect(finding.subject?.function).toBe('main.ask');
    expect(finding.summary).toContain('a sleep');
  });

  it.each<[string, SyntheticOptions]>([
    ['the tracker has used up its CPU', { latenciesNs: [20e6] }],
    ['latency is what the best tier allows', { ...waiting, latenciesNs: [0.9e6] }],
    [
      'tracker and generator take turns in a closed loop',
      {
        ...waiting,
        process: (row) => ({ cpuUserMs: row.atMs * 0.5, cpuSystemMs: 0, runQueueDelayMs: 0 }),
        clean: { threads: [{ cpuShare: 0.5, sendLagNsP50: 0, sendLagNsP99: 0, sendLagNsMax: 0 }] },
      },
    ],
    [
      'a few stalls make the mean and the median is short',
      {
        ...waiting,
        latenciesNs: [...Array.from({ length: 9 }, () => 0.3e6), 900e6],
        runtime: () => ({ eventLoopDelayNsMax: 900e6 }),
      },
    ],
    [
      'stalls of the loop in open loop add what is missing: 40 ms a second, 0.8 ms over all',
      {
        ...waiting,
        scenario: { ratePerSecond: 12_200 },
        latenciesNs: [...Array.from({ length: 9 }, () => 0.05e6), 12e6],
        runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 40e6 : 0 }),
      },
    ],
  ])('is clear where %s', (_, options) => {
    expect(externalWait(syntheticEvidence(options)).verdict).toBe('clear');
  });

  it('cannot be told without samples of the process, or of a remote tracker', () => {
    expect(externalWait(syntheticEvidence({ ...waiting, without: ['process'] })).verdict).toBe(
      'insufficient-data',
    );
    const remote = syntheticEvidence({ ...waiting, target: { network: 'remote' } });
    expect(externalWait(remote).verdict).toBe('insufficient-data');
  });
});
