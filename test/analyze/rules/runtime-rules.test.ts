import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cpuProfileOf } from '../../../src/analyze/evidence.ts';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { cpuHotFunction } from '../../../src/analyze/rules/cpu-hot-function.ts';
import { gcPressure } from '../../../src/analyze/rules/gc-pressure.ts';
import { guideWords } from '../../../src/analyze/rules/guide-words.ts';
import { lockContention } from '../../../src/analyze/rules/lock-contention.ts';
import { syscallBound } from '../../../src/analyze/rules/syscall-bound.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { goBlock, goCpu, goMutex, healthyCpu, nativePerf } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { halfBusy, type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const go = { kind: 'command', runtime: 'go1.26.8' } as const;
const native = { kind: 'command', runtime: null } as const;

function fixture(name: string): Profile {
  const file = path.join(packageRoot, 'test', 'fixtures', 'profiles', name);
  const decoded = decodeProfile(readFileSync(file), { fileName: name });
  if (!decoded.ok) throw decoded.problem;
  return decoded.profile;
}

/** Threads that fall asleep twice a request, and a tracker with CPU left. */
const sleeping: SyntheticOptions = {
  process: (row) => ({ ...halfBusy(row), voluntaryContextSwitches: row.atMs * 24.4 }),
};

describe('the CPU profile that rules go by', () => {
  it('is the runtime’s own where there is one, else that of perf', () => {
    const kindOf = (options: SyntheticOptions) => cpuProfileOf(syntheticEvidence(options))?.record.kind;
    expect(kindOf({ profiles: { perf: nativePerf, cpu: healthyCpu } })).toBe('cpu');
    expect(kindOf({ profiles: { perf: nativePerf } })).toBe('perf');
    expect(kindOf({})).toBeUndefined();
  });

  it('names the hot function of a program that only perf can see', () => {
    const finding = cpuHotFunction(syntheticEvidence({ target: native, profiles: { perf: nativePerf } }));
    expect(finding.verdict).toBe('found');
    expect(finding.subject?.function).toBe('announce');
    expect(finding.advice.join(' ')).toContain('perf annotate');
  });
});

describe('gc-pressure of a Go program', () => {
  const finding = gcPressure(syntheticEvidence({ target: go, profiles: { cpu: goCpu } }));

  it('is the collector and the allocator together', () => {
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.3);
    expect(finding.subject?.function).toBe('main.(*store).announce');
  });

  it('tells it in the words of Go, by cum', () => {
    const share = (name: string) => finding.evidence.find((line) => line.metric.startsWith(name))?.value;
    expect(share('runtime.mallocgc')).toBeCloseTo(20);
    expect(share('runtime.gcBgMarkWorker')).toBeCloseTo(10);
    expect(finding.summary).toContain('runtime.mallocgc 20.0 %');
    expect(finding.advice.join(' ')).toContain('sync.Pool');
  });

  it('names what is generic without the layout of its types', () => {
    const allocations = drawProfile(
      `
      10000000
      main.serve@/app/main.go:50
      main.(*store).announce@/app/main.go:24
      crypto/hmac.New[go.shape.interface { Size() int }]@crypto/hmac/hmac.go:1
      `,
      { valueTypes: [{ type: 'alloc_space', unit: 'bytes' }], runtime: 'go' },
    );
    const { summary } = gcPressure(syntheticEvidence({ target: go, profiles: { cpu: goCpu, allocations } }));
    expect(summary).not.toContain('go.shape');
    expect(summary).toContain('through crypto/hmac.New[...]');
  });

  it('names the allocator of a real heap profile, with the bytes a request costs', () => {
    const profiles = { cpu: goCpu, allocations: fixture('go-heap.pb.gz') };
    const real = gcPressure(syntheticEvidence({ target: go, profiles }));
    expect(real.subject?.function).toBe('main.(*store).announce');
    const perRequest = real.evidence.find((line) => line.metric === 'allocated per request');
    expect(perRequest?.value).toBeGreaterThan(6_000);
  });
});

describe('gc-pressure of a native program', () => {
  it('is malloc, found by perf', () => {
    const finding = gcPressure(syntheticEvidence({ target: native, profiles: { perf: nativePerf } }));
    expect(finding.share).toBeCloseTo(0.2);
    expect(finding.summary).toMatch(/^Memory allocation takes 20\.0 % of the CPU \(.*malloc 20\.0 %/);
    expect(finding.advice.join(' ')).toContain('arena');
  });
});

describe('syscall-bound', () => {
  const kernel: SyntheticOptions = {
    process: (row) => ({ cpuUserMs: row.atMs * 0.3, cpuSystemMs: row.atMs * 0.6 }),
  };

  it('names Go’s own entry to the kernel', () => {
    const finding = syscallBound(syntheticEvidence({ ...kernel, target: go, profiles: { cpu: goCpu } }));
    expect(finding.subject?.function).toBe('main.serve');
    expect(finding.summary).toContain('internal/runtime/syscall/linux.Syscall6 50.0 %');
    expect(finding.advice.join(' ')).toContain('ReadBatch');
  });

  it('names the kernel’s entry that perf saw', () => {
    const options = { ...kernel, target: native, profiles: { perf: nativePerf } };
    const finding = syscallBound(syntheticEvidence(options));
    expect(finding.subject?.function).toBe('reply');
    expect(finding.summary).toContain('do_syscall_64 60.0 %');
    expect(finding.confidence).toBe('low');
    expect(finding.advice.join(' ')).toContain('recvmmsg');
  });
});

describe('the words of a real Go profile', () => {
  const profile = fixture('go-cpu.pb.gz');
  const loaded = cpuProfileOf(syntheticEvidence({ profiles: { cpu: profile } }));
  if (loaded === null) throw new Error('the fixture is not in the evidence');

  it('are those that the guide has', () => {
    expect(guideWords('gc-pressure', loaded, 'go').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['runtime.mallocgc', 'runtime.gcBgMarkWorker']),
    );
    expect(guideWords('lock-contention', loaded, 'go').map(({ name }) => name)).toContain(
      'sync.(*Mutex).Lock',
    );
    const [entry] = guideWords('syscall-bound', loaded, 'go');
    expect(entry?.share).toBeGreaterThan(0.5);
  });
});

describe('lock-contention of a Go program', () => {
  it('is found by the mutex profile, and names who held the lock and who waited', () => {
    const profiles = { cpu: goCpu, mutex: goMutex, block: goBlock };
    const finding = lockContention(syntheticEvidence({ target: go, profiles, process: halfBusy }));
    expect(finding.verdict).toBe('found');
    // 9 s in 6 s, on the one core to which the target is pinned.
    expect(finding.share).toBe(1);
    expect(finding.severity).toBe('critical');
    expect(finding.subject).toEqual({ function: 'main.(*store).announce', file: '/app/main.go', line: 24 });
    expect(finding.summary).toContain('waited 1.500 s a second');
    expect(finding.summary).toContain('who unlocks');
    expect(finding.summary).toContain('main.(*store).scrape (/app/main.go:31) waited most');
    const held = finding.evidence.find((line) => line.metric.startsWith('held by'));
    expect(held?.value).toBeCloseTo(200 / 3);
    expect(finding.confidence).toBe('high');
    expect(finding.advice.join(' ')).toContain('RWMutex');
  });

  it('counts only the CPU time of locks where the tracker has used up its CPU', () => {
    const profiles = { cpu: goCpu, mutex: goMutex, block: goBlock };
    const finding = lockContention(syntheticEvidence({ target: go, profiles }));
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.1);
    const without = syntheticEvidence({ target: go, profiles: { cpu: healthyGo, mutex: goMutex } });
    expect(lockContention(without)).toMatchObject({ verdict: 'clear' });
    expect(lockContention(without).summary).toContain('used up its CPU');
  });

  it('counts of the block profile only waits for a mutex', () => {
    const finding = lockContention(
      syntheticEvidence({ target: go, profiles: { block: goBlock }, process: halfBusy }),
    );
    const waited = finding.evidence.find((line) => line.metric.includes('by who waited'));
    expect(waited?.value).toBeCloseTo(1);
    expect(finding.subject?.function).toBe('main.(*store).scrape');
  });

  it('reads real profiles of a tracker behind one mutex', () => {
    const profiles = {
      cpu: fixture('go-tracker-cpu.pb.gz'),
      mutex: fixture('go-tracker-mutex.pb.gz'),
      block: fixture('go-tracker-block.pb.gz'),
    };
    const finding = lockContention(syntheticEvidence({ target: go, profiles, process: halfBusy }));
    expect(finding.verdict).toBe('found');
    expect(finding.subject?.function).toBe('main.(*tracker).announce');
    const waited = finding.evidence.find((line) => line.metric.includes('by who waited'));
    const blockedNs = profiles.block.values[1]?.reduce((sum, delay) => sum + delay, 0) ?? 0;
    expect(waited?.value).toBeGreaterThan(0);
    expect(waited?.value).toBeLessThan(blockedNs / 6e9 / 2);
  });

  it('is clear where the profiles show little waiting', () => {
    const short = { ...goMutex, values: goMutex.values.map((values) => values.map((value) => value / 1e3)) };
    const profiles = { cpu: healthyGo, mutex: short };
    const finding = lockContention(syntheticEvidence({ target: go, profiles, ...sleeping }));
    expect(finding.verdict).toBe('clear');
    expect(finding.summary).toContain('0.002 s a second');
  });

  it('cannot be told by a CPU profile alone while the tracker has CPU left and sleeps', () => {
    const missingProfiles = [{ kind: 'mutex' as const, reason: 'no mutex fraction is set' }];
    const finding = lockContention(
      syntheticEvidence({ target: go, profiles: { cpu: healthyGo }, run: { missingProfiles }, ...sleeping }),
    );
    expect(finding.verdict).toBe('insufficient-data');
    expect(finding.summary).toContain('mutex: no mutex fraction is set');
  });

  it('takes an empty profile that is told to be missing for none', () => {
    const empty: Profile = {
      ...goMutex,
      sampleCount: 0,
      stackStart: new Uint32Array(1),
      values: [new Float64Array(0), new Float64Array(0)],
    };
    const options: SyntheticOptions = { target: go, profiles: { mutex: empty }, ...sleeping };
    expect(lockContention(syntheticEvidence(options)).verdict).toBe('clear');
    const run = { missingProfiles: [{ kind: 'mutex' as const, reason: 'no mutex fraction is set' }] };
    expect(lockContention(syntheticEvidence({ ...options, run })).verdict).toBe('insufficient-data');
  });
});

const healthyGo = drawProfile('main.serve@/app/main.go:50', { runtime: 'go' });
const plainPerf = drawProfile('serve@/src/main.c:50', { runtime: 'native' });

describe('lock-contention of a native program', () => {
  it('is found by the stacks that perf saw in a mutex', () => {
    const finding = lockContention(syntheticEvidence({ target: native, profiles: { perf: nativePerf } }));
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.2);
    expect(finding.subject?.function).toBe('announce');
    expect(finding.summary).toContain('pthread_mutex_lock 20.0 %');
  });

  it.each<[string, SyntheticOptions, string]>([
    ['with one thread', { process: (row) => ({ ...halfBusy(row), threads: 1 }) }, 'nobody to wait for'],
    ['that has used up its CPU', { process: (row) => ({ cpuUserMs: row.atMs * 0.97 }) }, 'used up its CPU'],
    ['whose threads hardly sleep', { process: halfBusy }, 'who waits for a lock sleeps'],
  ])('%s is clear', (_, options, told) => {
    const evidence = syntheticEvidence({ target: native, profiles: { perf: plainPerf }, ...options });
    const finding = lockContention(evidence);
    expect(finding.verdict).toBe('clear');
    expect(finding.summary).toContain(told);
  });

  it('cannot be told of threads that sleep while there is CPU left', () => {
    const evidence = syntheticEvidence({ target: native, profiles: { perf: plainPerf }, ...sleeping });
    const finding = lockContention(evidence);
    expect(finding.verdict).toBe('insufficient-data');
    const sleeps = finding.evidence.find((line) => line.metric.startsWith('voluntary'));
    expect(sleeps?.value).toBeCloseTo(2);
  });
});
