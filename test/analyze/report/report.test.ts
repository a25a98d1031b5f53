import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AnalyzedRun, analyzeRun } from '../../../src/analyze/analyze.ts';
import { reportSchema } from '../../../src/analyze/report/report-schema.ts';
import { summarize } from '../../../src/analyze/report/summarize.ts';
import { summarizeSuite } from '../../../src/analyze/report/summarize-suite.ts';
import { packageRoot } from '../../../src/package-root.ts';
import {
  goBlock,
  goCpu,
  goGoroutines,
  goGrowth,
  goMutex,
  healthyAllocations,
  healthyCpu,
  healthyLiveHeap,
  nativePerf,
} from '../drawn-profiles.ts';
import { expectGolden } from '../golden.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { halfBusy, type SyntheticOptions, syntheticRun, writeSyntheticRun } from '../synthetic-run.ts';
import { readHeadings, readTables } from './markdown-tables.ts';

const profiles = { cpu: healthyCpu, allocations: healthyAllocations, 'live-heap': healthyLiveHeap };
const golden = path.join(packageRoot, 'test', 'golden');

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'report-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function analyze(options: SyntheticOptions = {}): Promise<AnalyzedRun> {
  return analyzeRun(writeSyntheticRun(root, options), { historyFile: path.join(root, 'history.jsonl') });
}

/** A run that shows more of the report than a healthy one does. */
const eventful: SyntheticOptions = {
  profiles,
  announce: { timedOut: 1_200, errorReplies: 300 },
  clean: {
    errorTexts: { 'info_hash is not allowed': 300 },
    strayReplies: { late: 12, duplicate: 3, unknown: 1, malformed: 0 },
  },
  process: (row, index) => ({
    socketDrops: Math.max(0, index - 20) * 20,
    rssBytes: row.rssBytes + index * 1e5,
  }),
};

const goTarget = { kind: 'command', name: 'gotracker', runtime: 'go1.26.8', socketKind: null } as const;
const goRun: SyntheticOptions = {
  target: goTarget,
  without: ['runtime'],
  profiles: { cpu: goCpu, mutex: goMutex, block: goBlock, goroutine: goGoroutines },
};

const odd: readonly (readonly [string, SyntheticOptions])[] = [
  ['healthy', { profiles }],
  ['eventful', eventful],
  ['without profiles', { run: { missingProfiles: [{ kind: 'cpu', reason: 'the profiler did not start' }] } }],
  [
    'without a process or a runtime',
    { without: ['process', 'runtime'], target: { kind: 'address', pid: null } },
  ],
  ['cut short in its warm-up', { phases: ['warm-up'], run: { partial: { reason: 'SIGINT' } } }],
  ['cut short before its first phase', { phases: [], run: { partial: { reason: 'SIGTERM' } } }],
  ['in open loop', { scenario: { ratePerSecond: 12_200 } }],
  [
    'of a silent tracker',
    {
      clean: {
        operations: {
          connect: syntheticSilence(2_400),
          announce: syntheticSilence(0),
          scrape: syntheticSilence(0),
        },
        peersReceived: 0,
        receivedBytes: 0,
        generatorSocketDrops: null,
      },
    },
  ],
  [
    'that the generator limited',
    { clean: { threads: [{ cpuShare: null, sendLagNsP50: 0, sendLagNsP99: 5e6, sendLagNsMax: 9e6 }] } },
  ],
  ['of a Go program', goRun],
  [
    'of a Go program without profiles',
    {
      target: goTarget,
      without: ['runtime'],
      run: { missingProfiles: [{ kind: 'mutex', reason: 'no mutex fraction is set' }] },
    },
  ],
  [
    'of a native program with perf alone',
    {
      target: { kind: 'command', runtime: null, version: null, socketKind: null, receiveBuffer: null },
      without: ['runtime'],
      profiles: { perf: nativePerf },
      run: { missingProfiles: [{ kind: 'cpu', reason: 'it is no Node.js program' }] },
    },
  ],
  ['with perf beside the profiles of its runtime', { profiles: { ...profiles, perf: nativePerf } }],
  ['whose drops exceed its timeouts', { process: (_, index) => ({ socketDrops: index }) }],
  ['whose sockets are not visible', { process: () => ({ socketDrops: null, socketQueueBytes: null }) }],
  ['that others disturbed', { machine: (row) => ({ busyMs: row.busyMs + row.atMs }) }],
  ['without load threads', { clean: { threads: [] } }],
  [
    'of an unknown remote tracker that died',
    {
      scenario: { name: 'custom' },
      target: {
        network: 'remote',
        version: null,
        runtime: null,
        pid: null,
        receiveBuffer: null,
        socketKind: null,
      },
      run: {
        trackerCounters: null,
        notes: ['A note.'],
        targetExit: {
          expected: false,
          exitCode: null,
          signal: 'SIGKILL',
          cause: 'out of memory',
          lastStderr: '',
        },
      },
    },
  ],
];

function syntheticSilence(sent: number) {
  return {
    sent,
    succeeded: 0,
    timedOut: sent,
    errorReplies: 0,
    malformedReplies: 0,
    sendFailed: 0,
    unresolved: 0,
  };
}

describe('the golden report', () => {
  it('is report.md and report.json as they stand in test/golden', async () => {
    const { report, markdown } = await analyze(eventful);
    expectGolden(path.join(golden, 'report.md'), markdown);
    expectGolden(path.join(golden, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  });

  it('is what the folder holds after the analysis', async () => {
    const { directory, report, markdown } = await analyze(eventful);
    expect(readFileSync(path.join(directory, 'report.md'), 'utf8')).toBe(markdown);
    expect(JSON.parse(readFileSync(path.join(directory, 'report.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
  });

  it('comes out the same when the run is analysed again', async () => {
    const first = await analyze(eventful);
    const second = await analyzeRun(first.directory, { historyFile: path.join(root, 'history.jsonl') });
    expect(second.markdown).toBe(first.markdown);
    expect(second.report).toEqual(first.report);
  });
});

describe.each(odd)('the report of a run %s', (_, options) => {
  let folder: string;
  let analyzed: AnalyzedRun;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'report-'));
    analyzed = await analyzeRun(writeSyntheticRun(folder, options));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('has every section of the template in its order', () => {
    const { markdown } = analyzed;
    expect(readHeadings(markdown)).toEqual([
      '# BitTorrent UDP Tracker Benchmark Results',
      '## Test Environment',
      '## Configuration',
      '## Results Summary',
      '### Request Statistics',
      '### Request Breakdown',
      '### Latency Statistics',
      '### Memory Usage',
      '## Performance Analysis',
      '### Bottlenecks Identified',
      '### What is different when it is slow',
      '### Optimization Recommendations',
      '## Comparative Results',
      '### Load Test Scenarios',
      '## Profiling Results',
      '### CPU Profile',
      '### Memory Profile',
      '## Historical Results',
      '## Quick Reference',
      '### Is my tracker fast enough?',
      '### When to worry:',
      '### When to optimize:',
    ]);
  });

  it('has the columns of the template', () => {
    const { markdown } = analyzed;
    const heads = readTables(markdown).map((table) => table.head.join(' | '));
    expect(heads).toEqual(
      expect.arrayContaining([
        'Parameter | Value',
        'Metric | Value | Status',
        'Operation | Count | Avg Latency | Expected Range',
        'Percentile | Latency | Status',
        'Scenario | Concurrency | Duration | RPS | P95 Latency | Status',
        'Date | Version | Concurrency | RPS | P95 Latency | Error Rate | Notes',
      ]),
    );
  });

  it('has no cell that is empty, undefined or no number', () => {
    const { markdown } = analyzed;
    const tables = readTables(markdown);
    expect(tables.length).toBeGreaterThan(10);
    for (const { head, rows } of tables) {
      for (const row of rows) {
        expect(row).toHaveLength(head.length);
        expect(row.filter((cell) => cell === '' || cell === '-')).toEqual([]);
      }
    }
    expect(markdown).not.toMatch(/\b(?:undefined|null|NaN|Infinity)\b/);
  });

  it('fits the schema, with a reason for every part that is not there', () => {
    const { report } = analyzed;
    expect(reportSchema.safeParse(report).error).toBeUndefined();
    const told = new Set(report.notMeasured.map((one) => one.figure));
    if (report.phases.clean === null) expect(told).toContain('phases.clean');
    if (report.memory.rss === null) expect(told).toContain('memory.rss');
    if (report.top.cpu === null) expect(told).toContain('top.cpu');
    expect(report.notMeasured.filter((one) => one.reason === '')).toEqual([]);
  });

  it('has a loss by cause that adds up to the failed requests', () => {
    const { markdown, report } = analyzed;
    const loss = readTables(markdown).find(({ head }) => head[0] === 'Cause' && head[1] === 'Count');
    const failed = report.phases.clean?.requests.failed;
    if (failed === undefined) {
      expect(loss).toBeUndefined();
      return;
    }
    const counts = (loss?.rows ?? []).map(([, count = '']) =>
      count.startsWith('not measured') ? 0 : Number(count.replaceAll(/[*,]/g, '')),
    );
    expect(counts.at(-1)).toBe(failed);
    expect(counts.slice(0, -1).reduce((sum, count) => sum + count, 0)).toBe(failed);
  });

  it('has a summary without gaps', () => {
    const { report, directory } = analyzed;
    const lines = summarize(report, directory);
    expect(lines.join('\n')).not.toMatch(/\b(?:undefined|null|NaN|Infinity)\b/);
    expect(lines.slice(-3, -1)).toEqual([
      `Report: ${path.join(directory, 'report.md')}`,
      `Page:   ${path.join(directory, 'report.html')}`,
    ]);
    expect(lines.at(-1)).toMatch(/^Next: /);
  });
});

describe('the report', () => {
  it('says of a run without profiles why there is none', async () => {
    const { markdown } = await analyze(odd[2]?.[1]);
    expect(markdown).toContain('Not measured: the profiler did not start.');
  });

  it('gives no verdict where the generator was the limit', async () => {
    const thread = { cpuShare: 0.95, sendLagNsP50: 0, sendLagNsP99: 0, sendLagNsMax: 0 };
    const { report, markdown } = await analyze({ profiles, clean: { threads: [thread] }, process: halfBusy });
    expect(report.valid).toBe(false);
    expect(new Set(report.quickReference.deployments.map((one) => one.answer))).toEqual(new Set(['unknown']));
    expect(markdown).toContain('> **Invalid:**');
    expect(summarize(report, '/runs/x')[0]).toContain('INVALID');
  });

  it('counts what was in flight when a run was cut short neither as served nor as failed', async () => {
    const { report, markdown, directory } = await analyze({
      announce: { unresolved: 6_000 },
      run: { partial: { reason: 'stopped by SIGINT' } },
    });
    expect(report.phases.clean).toMatchObject({ successShare: 1, errorShare: 0 });
    expect(report.statuses.requests.successful.tier).toBe('Good');
    expect(markdown).toMatch(/\| In flight at the end +\| 6,000 /);
    expect(summarize(report, directory).join('\n')).toMatch(/In flight, at end +6,000/);
  });

  it('judges an open loop by what was served of its rate', async () => {
    const { report, markdown } = await analyze({ scenario: { ratePerSecond: 12_200 } });
    expect(report.statuses.requests.requestsPerSecond).toEqual({
      tier: 'Good',
      reason: 'served > 99.9 % of the offered rate',
    });
    expect(markdown).toContain('12,200.00 of 12,200.00 offered (100.00 % served)');
    const lossy = { scenario: { ratePerSecond: 12_200 }, announce: { timedOut: 1_000 } };
    expect((await analyze(lossy)).report.statuses.requests.requestsPerSecond.tier).toBe('Acceptable');
  });

  it('gives no figure of an invalid run a status', async () => {
    const { report, directory } = await analyze({ machine: (row) => ({ busyMs: row.busyMs + row.atMs }) });
    const { overall, requests, latency, memory } = report.statuses;
    const all = [overall, ...Object.values(requests), ...Object.values(latency), ...Object.values(memory)];
    expect(new Set(all.map((status) => status.tier))).toEqual(new Set([null]));
    expect(overall.reason).toContain('others took CPU');
    expect(summarizeSuite([report])[1]).toMatch(/- \(invalid\)$/);
    const lines = summarize(report, directory);
    expect(lines).toContain('Bottlenecks: no verdict, the run is invalid.');
    expect(lines.at(-1)).toContain('when nothing else is at work');
  });

  it('says of a tracker that runs already what the lab could not do', async () => {
    const { markdown } = await analyze({
      target: { kind: 'address', name: 'tracker at 127.0.0.1:6969', version: null, pid: null },
      phases: ['warm-up', 'clean'],
      run: {
        notes: ['The first note.', 'The second note.'],
        missingProfiles: [{ kind: 'cpu', reason: 'the lab did not start it' }],
      },
    });
    expect(markdown).toContain('generator on 1; the tracker is not the lab’s to pin');
    expect(markdown).toContain('none: nothing could profile this tracker (the lab did not start it)');
    expect(markdown).toContain('tracker at 127.0.0.1:6969 (version not measured');
    expect(markdown).toContain('- The first note.\n- The second note.');
  });

  it('says where a profile has too few samples of the application', async () => {
    const sparse = drawProfile(
      `
      9000000000  30000000                  5000000
      (idle)      Non JS threads activity   onMessage@src/server.ts:40
      `,
      { durationNs: 6e9 },
    );
    const { report, directory } = await analyze({ profiles: { cpu: sparse } });
    const lines = summarize(report, directory).join('\n');
    expect(lines).toContain('Too few samples: 5 in application functions');
    expect(lines).toMatch(/14\.3 % +5ms {2}onMessage/);
    expect(lines).not.toContain('(idle)\n');
  });

  it('tells that latency in a closed loop follows from the number of workers', async () => {
    const { report, markdown } = await analyze();
    expect(report.littlesLaw?.explains).toBe(true);
    expect(report.littlesLaw?.expectedLatencyNs).toBeCloseTo((12 * 1e9) / 12_200, 0);
    expect(markdown).toContain('12 workers / 12,200.00 req/s = 0.984 ms');
  });

  it('recommends nothing without a cause', async () => {
    const { report, markdown } = await analyze();
    expect(report.findings.filter((finding) => finding.verdict === 'found')).toEqual([]);
    expect(markdown).toContain('Nothing is recommended');
  });

  it('takes the initial memory before the load and the peak before the profilers', async () => {
    const { report } = await analyze({
      process: (row) => ({ rssBytes: row.atMs <= 1_000 ? 50e6 : row.atMs <= 16_000 ? 90e6 : 400e6 }),
    });
    expect(report.memory.rss).toEqual({
      initialBytes: 50e6,
      initialBeforeLoad: true,
      peakBytes: 90e6,
      growthBytes: 40e6,
    });
    expect(report.statuses.memory.growth.tier).toBe('Good');
  });

  it('has a part for each profile of a Go program', async () => {
    const { report, markdown } = await analyze(goRun);
    expect(report.top.mutex?.raw.valueType).toEqual({ type: 'delay', unit: 'nanoseconds' });
    expect(report.top.mutex?.charged.rows[0]?.functionName).toBe('main.(*store).announce');
    expect(report.top.block?.charged.rows[0]?.functionName).toBe('main.worker');
    expect(report.top.goroutine?.charged.rows[0]?.value).toBe(8);
    expect(report.top.perf).toBeNull();
    expect(markdown).toContain('by who held them (mutex profile)');
    expect(markdown).toContain('by who waited (block profile)');
    expect(markdown).toContain('10 (goroutine) in the profiled phase, by /debug/pprof/goroutine');
    expect(markdown).toContain('Not measured: perf (it was not asked for).');
    expect(markdown).toContain('Garbage collection and event loop: not measured');
    expect(markdown).not.toContain('array buffers');
  });

  it('has the growth of the live heap beside what was in use', async () => {
    const { report, markdown } = await analyze({
      target: goTarget,
      profiles: { 'live-heap': healthyLiveHeap, 'heap-growth': goGrowth },
    });
    expect(report.top.heapGrowth?.charged.rows.map(({ value }) => value)).toEqual([3_145_728, -1_048_576]);
    expect(markdown).toContain('what was in use at the end of warm-up, whenever it came');
    expect(markdown).toContain('#### Growth of the live heap');
    expect(markdown).toContain('- The live heap grew by 3MB in main.(\\*store).announce.');
    expect(markdown).toContain('- The live heap shrank by 1MB in main.expire.');
    expect((await analyze({ profiles })).markdown).not.toContain('Growth of the live heap');
  });

  it('names each profile that a Go program lacks, with the reason', async () => {
    const run = { missingProfiles: [{ kind: 'mutex' as const, reason: 'no mutex fraction is set' }] };
    const { report, markdown } = await analyze({ target: goTarget, run });
    expect(markdown).toMatch(/\(mutex profile\)\n\nNot measured: no mutex fraction is set\./);
    const reasons = new Map(report.notMeasured.map(({ figure, reason }) => [figure, reason]));
    expect(reasons.get('top.mutex')).toBe('no mutex fraction is set');
    expect(reasons.get('top.block')).toBe('it was not asked for');
  });

  it('goes by perf where there is no other CPU profile', async () => {
    const { report, markdown, directory } = await analyze({
      target: { kind: 'command', runtime: null },
      profiles: { perf: nativePerf },
      run: { missingProfiles: [{ kind: 'cpu', reason: 'it is no Node.js program' }] },
    });
    expect(markdown).toContain("The runtime's own profile is not there: it is no Node.js program.");
    expect(markdown).not.toContain('The same by perf');
    const lines = summarize(report, directory).join('\n');
    expect(lines).toContain('reply /src/udp.c:40');
    expect(lines).toContain(`analyze ${path.join(directory, 'perf.pb.gz')}`);
  });

  it('shows perf beside the runtime’s own profile, which the rules go by', async () => {
    const { report, markdown } = await analyze({ profiles: { ...profiles, perf: nativePerf } });
    expect(markdown).toContain('#### The same by perf, with native and kernel frames');
    expect(markdown.indexOf('cpu.pb.gz')).toBeLessThan(markdown.indexOf('perf.pb.gz'));
    expect(report.top.perf?.charged.rows[0]?.functionName).toBe('reply');
  });

  it('says where the split of the timeouts is an estimate', async () => {
    const { markdown } = await analyze({ process: (_, index) => ({ socketDrops: index }) });
    expect(markdown).toContain('is an estimate: 48 drops and late replies more');
  });

  it('shows the time off the CPU of any process', async () => {
    const { markdown } = await analyze({ target: goTarget, without: ['runtime'] });
    expect(markdown).toMatch(/\| Voluntary context switches +\| +0\.082 a request \|/);
    expect(markdown).toContain('1 running or runnable, 10 asleep, 0 in uninterruptible sleep');
  });

  it('names a Go tracker’s runtime as the template does', async () => {
    const { markdown } = await analyze({ target: { runtime: 'go1.23.1' } });
    expect(markdown).toMatch(/\| Go Version +\| go1\.23\.1/);
  });
});

describe('hostile text', () => {
  const hostile =
    '</script><img src=x onerror=alert(1)>|`[x](javascript:alert(1))\n# heading\u2028**bold**\u202e&lt;';

  it('out of profiles and replies comes back as text on one line', async () => {
    const cpu = drawProfile('onMessage@src/server.ts:40');
    const [frame] = cpu.frames;
    const frames = frame === undefined ? [] : [{ ...frame, functionName: hostile, file: hostile }];
    const { markdown, report, directory } = await analyze({
      profiles: { cpu: { ...cpu, frames } },
      announce: { errorReplies: 5_000 },
      clean: { errorTexts: { [hostile]: 5_000 } },
      target: { name: hostile, version: hostile },
      run: {
        notes: [hostile],
        trackerCounters: { [hostile]: 1 },
        partial: { reason: hostile },
        environment: { ...syntheticRun().environment, tester: hostile, os: hostile, cpuModel: hostile },
      },
    });
    expect(markdown.match(/(?<!\\)<\/?[a-z]/g)).toBeNull();
    expect(markdown.match(/(?<!\\)\[x/g)).toBeNull();
    expect(markdown).not.toContain('\u2028');
    expect(markdown).not.toContain('\u202e');
    expect(readHeadings(markdown)).toHaveLength(22);
    for (const { head, rows } of readTables(markdown)) {
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
    expect(summarize(report, directory).filter((line) => /[\n\u2028\u202e]/.test(line))).toEqual([]);
  });

  it('of 10,000 characters is cut', async () => {
    const name = `${'x'.repeat(10_000)}@src/${'y'.repeat(10_000)}.ts:1`;
    const { markdown } = await analyze({
      profiles: { cpu: drawProfile(name), allocations: drawProfile(name) },
      run: { notes: ['z'.repeat(10_000)] },
    });
    expect(markdown).toContain('x…');
    expect(markdown).not.toMatch(/x{200}|y{200}|z{1001}/);
  });
});

describe('a history with broken lines', () => {
  it('is told and does not stop the analysis', async () => {
    writeFileSync(path.join(root, 'history.jsonl'), '{"runId":\nnot json\n');
    const { report, markdown } = await analyze();
    expect(report.history.brokenLines).toBe(2);
    expect(markdown).toContain('2 lines of history.jsonl could not be read');
  });
});
