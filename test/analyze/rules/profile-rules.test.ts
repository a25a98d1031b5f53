import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { cpuHotFunction } from '../../../src/analyze/rules/cpu-hot-function.ts';
import { gcPressure } from '../../../src/analyze/rules/gc-pressure.ts';
import { lockContention } from '../../../src/analyze/rules/lock-contention.ts';
import { syscallBound } from '../../../src/analyze/rules/syscall-bound.ts';
import { healthyAllocations, healthyCpu } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence, syntheticRun } from '../synthetic-run.ts';

const collecting = drawProfile(`
  700                              300
  onMessage@src/server.ts:40       Node.js
  encodePeers@src/encode.ts:12     Garbage Collection
`);

const waiting = drawProfile(`
  600                          400
  onMessage@src/server.ts:40   onMessage@src/server.ts:40
  withLock@src/store.ts:7      encodePeers@src/encode.ts:12
  Atomics.wait
`);

const goAllocating = drawProfile(
  `
  600                             400
  main.serve@/app/serve.go:10     main.serve@/app/serve.go:10
  main.encode@/app/encode.go:20   runtime.growslice@/usr/local/go/src/runtime/slice.go:1!allocation
                                  runtime.memclr@/usr/local/go/src/runtime/memclr.s:1!runtime
`,
  { runtime: 'go' },
);

const sending = drawProfile(`
  600                          400
  onMessage@src/server.ts:40   onMessage@src/server.ts:40
  sendReply@src/server.ts:90   encodePeers@src/encode.ts:12
  send
`);

const empty: Profile = {
  ...collecting,
  sampleCount: 0,
  stackStart: new Uint32Array(1),
  values: [new Float64Array(0)],
};

/** The tracker's user and system CPU as shares of a core. */
function cpu(user: number, system: number): SyntheticOptions {
  return { process: (row) => ({ cpuUserMs: row.atMs * user, cpuSystemMs: row.atMs * system }) };
}

function scaled(profile: Profile, factor: number): Profile {
  return { ...profile, values: profile.values.map((values) => values.map((value) => value * factor)) };
}

const quiet = { runtime: () => ({ gc: noCollections }) };
const noCollections = {
  minor: { count: 0, ms: 0 },
  major: { count: 0, ms: 0 },
  incremental: { count: 0, ms: 0 },
  weakcb: { count: 0, ms: 0 },
};

describe('gc-pressure', () => {
  it('is found by its share of the CPU, and names the top allocator', () => {
    const evidence = syntheticEvidence({ profiles: { cpu: collecting, allocations: healthyAllocations } });
    const finding = gcPressure(evidence);
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.3);
    expect(finding.severity).toBe('warning');
    expect(finding.subject).toEqual({ function: 'encodePeers', file: 'src/tracker/encode.ts', line: 12 });
    const perRequest = finding.evidence.find((line) => line.metric === 'allocated per request');
    expect(perRequest?.value).toBeCloseTo(60e6 / (12_200 * 6));
    expect(finding.advice.join(' ')).toContain('Buffer');
  });

  it('is clear where the collector takes little', () => {
    const finding = gcPressure(syntheticEvidence({ profiles: { cpu: healthyCpu } }));
    expect(finding.verdict).toBe('clear');
    expect(finding.advice).toEqual([]);
  });

  it('goes by the collector’s own time over the CPU where that is more than the profile has', () => {
    const evidence = syntheticEvidence({
      profiles: { cpu: healthyCpu },
      runtime: (row) => ({ gc: { ...row.gc, minor: { count: 1, ms: row.atMs * 0.18 } } }),
    });
    const finding = gcPressure(evidence);
    expect(finding.share).toBeCloseTo(0.2, 1);
    expect(finding.summary).toContain("by the collector's own clock");
    expect(finding.evidence.filter((line) => line.metric.includes('CPU'))).toHaveLength(2);
  });

  it('takes no time for the collector’s in which its thread waited for a core', () => {
    const evidence = syntheticEvidence({
      profiles: { cpu: healthyCpu },
      process: (row) => ({ cpuUserMs: row.atMs * 0.4, cpuSystemMs: 0, runQueueDelayMs: row.atMs * 0.5 }),
      runtime: (row) => ({ gc: { ...row.gc, minor: { count: 1, ms: row.atMs * 0.07 } } }),
    });
    expect(gcPressure(evidence).verdict).toBe('clear');
  });

  it('goes by the collector’s own time where there is no CPU profile', () => {
    const busy = syntheticEvidence({
      runtime: (row) => ({ gc: { ...row.gc, minor: { count: 1, ms: row.atMs * 0.4 } } }),
    });
    expect(gcPressure(busy).verdict).toBe('found');
    expect(gcPressure(busy).confidence).toBe('medium');
    expect(gcPressure(busy).severity).toBe('critical');
    expect(gcPressure(syntheticEvidence(quiet)).verdict).toBe('clear');
  });

  it('counts allocation below a caller for a Go program, by cum', () => {
    const finding = gcPressure(
      syntheticEvidence({ profiles: { cpu: goAllocating }, target: { runtime: 'go1.23.1' } }),
    );
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.4);
    expect(finding.subject?.function).toBe('main.serve');
    expect(finding.advice.join(' ')).toContain('sync.Pool');
  });

  it('cannot tell without either', () => {
    expect(gcPressure(syntheticEvidence({ without: ['runtime'] })).verdict).toBe('insufficient-data');
    const evidence = syntheticEvidence({ without: ['runtime'], profiles: { cpu: empty } });
    expect(gcPressure(evidence).verdict).toBe('insufficient-data');
  });
});

describe('lock-contention', () => {
  it('is found by stacks through a lock, and names who took it', () => {
    const finding = lockContention(syntheticEvidence({ profiles: { cpu: waiting } }));
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.6);
    expect(finding.subject).toEqual({ function: 'withLock', file: 'src/store.ts', line: 7 });
  });

  it('sees waiting in wall time where it costs no CPU', () => {
    const profile = drawProfile(
      `
      900                          100
      1                            100
      onMessage@src/server.ts:40   onMessage@src/server.ts:40
      withLock@src/store.ts:7      encodePeers@src/encode.ts:12
      Atomics.wait
      `,
      {
        valueTypes: [
          { type: 'wall', unit: 'nanoseconds' },
          { type: 'cpu', unit: 'nanoseconds' },
        ],
      },
    );
    expect(lockContention(syntheticEvidence({ profiles: { cpu: profile } })).share).toBeCloseTo(0.9);
  });

  it('is clear without a lock in any stack, whatever the latency', () => {
    const evidence = syntheticEvidence({
      profiles: { cpu: healthyCpu },
      latenciesNs: [1e6, 1e6, 1e6, 900e6],
    });
    const finding = lockContention(evidence);
    expect(finding.verdict).toBe('clear');
    expect(finding.summary).toContain('One thread');
  });

  it('cannot tell by latency alone', () => {
    expect(lockContention(syntheticEvidence()).verdict).toBe('insufficient-data');
    expect(lockContention(syntheticEvidence({ profiles: { cpu: empty } })).verdict).toBe('insufficient-data');
  });
});

describe('syscall-bound', () => {
  it('is found where the kernel takes the greater part of the CPU', () => {
    const finding = syscallBound(syntheticEvidence({ ...cpu(0.3, 0.6), profiles: { cpu: sending } }));
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(2 / 3);
    expect(finding.subject?.function).toBe('sendReply');
    expect(finding.severity).toBe('info');
    expect(finding.summary).toContain('was not measured on this machine');
    const perRequest = finding.evidence.find((line) => line.metric === 'kernel time per request');
    expect(perRequest?.value).toBeCloseTo(0.6e6 / 12_200);
  });

  it('does not blame one receive and one send that cost more than the floor, but other calls', () => {
    const udpFloor = {
      systemMicrosecondsPerRequest: 20,
      batchedSystemMicrosecondsPerRequest: null,
      requests: 1000,
    };
    const { environment } = syntheticRun();
    const reading = drawProfile(`
      400                         300                         300
      onMessage@src/server.ts:40  onMessage@src/server.ts:40  onMessage@src/server.ts:40
      sendReply@src/server.ts:90  hasChanged@src/conf.ts:3    answer@src/server.ts:60
      Socket.send@node:dgram:600  statSync@node:fs:1600
      send                        stat
    `);
    const judged = (profile: typeof sending) =>
      syscallBound(
        syntheticEvidence({
          ...cpu(0.3, 0.6),
          run: { environment: { ...environment, udpFloor } },
          profiles: { cpu: profile },
        }),
      );
    expect(judged(sending)).toMatchObject({ verdict: 'clear', subject: null });
    expect(judged(sending).summary).toContain('what each costs here');
    expect(judged(reading)).toMatchObject({ severity: 'warning', subject: { function: 'hasChanged' } });
  });

  it('advises the batched socket only where it is not in use', () => {
    const advice = (socketKind: string): string =>
      syscallBound(syntheticEvidence({ ...cpu(0.3, 0.6), target: { socketKind } })).advice.join(' ');
    expect(advice('dgram')).toContain('recvmmsg');
    expect(advice('batched')).not.toContain('recvmmsg');
    expect(advice('batched')).toContain('SO_REUSEPORT');
  });

  it('is clear where user space does', () => {
    expect(syscallBound(syntheticEvidence({ ...cpu(0.6, 0.3), profiles: { cpu: sending } })).verdict).toBe(
      'clear',
    );
  });

  it('does not take what called the application for a call of it', () => {
    const handed = drawProfile(`
      1000
      onMessage@node:dgram:900
      onDatagram@src/server.ts:40
    `);
    const finding = syscallBound(syntheticEvidence({ without: ['process'], profiles: { cpu: handed } }));
    expect(finding.verdict).toBe('clear');
  });

  it('goes by the profile where the process was not sampled', () => {
    const finding = syscallBound(syntheticEvidence({ without: ['process'], profiles: { cpu: sending } }));
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.6);
    expect(finding.confidence).toBe('low');
  });

  it('names who calls native functions where no stack names a system call', () => {
    const foreign = drawProfile(`
      700                       300
      onWake@src/socket.ts:40   onWake@src/socket.ts:40
      transmit@src/libc.ts:90   encodePeers@src/encode.ts:12
      memmove
    `);
    const finding = syscallBound(syntheticEvidence({ ...cpu(0.3, 0.6), profiles: { cpu: foreign } }));
    expect(finding.subject).toEqual({ function: 'transmit', file: 'src/libc.ts', line: 90 });
    expect(finding.confidence).toBe('low');
    expect(finding.evidence.find((line) => line.metric.startsWith('native functions'))?.value).toBeCloseTo(
      70,
    );
    const alone = syscallBound(syntheticEvidence({ without: ['process'], profiles: { cpu: foreign } }));
    expect(alone.verdict).toBe('insufficient-data');
    expect(alone.summary).toContain('70.0 %');
  });

  it('leaves out stacks that explain less than half of the kernel’s share', () => {
    const finding = syscallBound(syntheticEvidence({ ...cpu(0.1, 0.8), profiles: { cpu: collecting } }));
    expect(finding.verdict).toBe('found');
    expect(finding.evidence.map((line) => line.source)).not.toContain('cpu.pb.gz');
  });

  it('cannot tell without either', () => {
    expect(syscallBound(syntheticEvidence({ without: ['process'] })).verdict).toBe('insufficient-data');
  });
});

describe('cpu-hot-function', () => {
  it('is found where the tracker is out of CPU, and names the costliest function', () => {
    const finding = cpuHotFunction(syntheticEvidence({ ...cpu(0.7, 0.25), profiles: { cpu: healthyCpu } }));
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.4);
    expect(finding.subject).toEqual({ function: 'encodePeers', file: 'src/tracker/encode.ts', line: 12 });
  });

  it('is clear where the tracker has CPU left', () => {
    const finding = cpuHotFunction(syntheticEvidence({ ...cpu(0.2, 0.1), profiles: { cpu: healthyCpu } }));
    expect(finding.verdict).toBe('clear');
    expect(finding.summary).toContain('30.0 %');
  });

  it('is clear where no function takes a notable part', () => {
    const names = Array.from({ length: 20 }, (_, index) => `f${index}@src/f.ts:${index + 1}`);
    const even = drawProfile(names.join('  '));
    expect(cpuHotFunction(syntheticEvidence({ profiles: { cpu: even } })).verdict).toBe('clear');
  });

  it('leaves idle time out of the shares', () => {
    const idle = drawProfile(`
      900     60                           40
      (idle)  hot@src/hot.ts:1             cold@src/cold.ts:1
    `);
    expect(cpuHotFunction(syntheticEvidence({ profiles: { cpu: idle } })).share).toBeCloseTo(0.6);
  });

  it('cannot tell without a profile, without samples of the process, or without application frames', () => {
    expect(cpuHotFunction(syntheticEvidence()).verdict).toBe('insufficient-data');
    const unsampled = syntheticEvidence({ without: ['process'], profiles: { cpu: healthyCpu } });
    expect(cpuHotFunction(unsampled).verdict).toBe('insufficient-data');
    const bare = syntheticEvidence({ profiles: { cpu: drawProfile('send  Garbage Collection') } });
    expect(cpuHotFunction(bare).verdict).toBe('insufficient-data');
  });
});

describe('scaling all values of the profiles', () => {
  it.each([1e-3, 7, 1e6])('by %f changes no verdict and no share', (factor) => {
    for (const profile of [collecting, waiting, sending, healthyCpu]) {
      const before = syntheticEvidence({ profiles: { cpu: profile, allocations: healthyAllocations } });
      const after = syntheticEvidence({
        profiles: { cpu: scaled(profile, factor), allocations: scaled(healthyAllocations, factor) },
      });
      for (const rule of [gcPressure, lockContention, syscallBound, cpuHotFunction]) {
        const [a, b] = [rule(before), rule(after)];
        expect({ ...b, share: null, evidence: [] }).toEqual({ ...a, share: null, evidence: [] });
        expect(b.share ?? -1).toBeCloseTo(a.share ?? -1, 9);
      }
    }
  });
});
