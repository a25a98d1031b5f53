import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chargedTable } from '../../../../src/analyze/profile/charged-table.ts';
import { decodeProfile } from '../../../../src/analyze/profile/decode-profile.ts';
import type { Profile } from '../../../../src/analyze/profile/profile.ts';
import { topTable } from '../../../../src/analyze/profile/top-table.ts';
import { goPprofSource } from '../../../../src/lab/capture/go/go-pprof-source.ts';
import { goRuntimeVersion } from '../../../../src/lab/capture/go/go-version.ts';
import type { CapturedProfiles, CaptureOptions } from '../../../../src/lab/capture/profile-source.ts';
import { type MissingProfile, type ProfileKind, profileFileSchema } from '../../../../src/run.ts';
import { goTop, hasGo, labTop } from '../../../analyze/profile/pprof-tool.ts';
import { buildGoTracker, type GoTracker, startGoTracker } from './go-tracker.ts';
import { startSmallLoad } from './small-load.ts';

const goKinds: readonly ProfileKind[] = [
  'cpu',
  'allocations',
  'live-heap',
  'heap-growth',
  'mutex',
  'block',
  'goroutine',
];
const PHASE_MS = 2000;
/** The program's clock and the lab's differ by less than a percent. */
const LEAST_SPAN_NS = 0.99 * PHASE_MS * 1e6;

describe.skipIf(!hasGo)('the pprof endpoint of a Go tracker (skipped where Go is not installed)', () => {
  let folder = '';
  let built: ReturnType<typeof buildGoTracker>;
  let tracker: GoTracker;
  let atStart: readonly MissingProfile[] = [];
  let captured: CapturedProfiles = { files: [], missing: [] };
  let announces = 0;

  const captureOptions = (name: string, durationMs = PHASE_MS): CaptureOptions => ({
    phase: 'profiled',
    directory: path.join(folder, name),
    durationMs,
  });

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'go-profiles-'));
    built = buildGoTracker();
    tracker = await startGoTracker(built.binary, ['-mutex-fraction', '1', '-block-rate', '10000']);
    const load = await startSmallLoad(tracker.port, 32);
    try {
      const source = goPprofSource({ url: tracker.pprofUrl });
      atStart = await source.start(captureOptions('loaded'));
      await delay(PHASE_MS);
      captured = await source.stop(captureOptions('loaded'));
      announces = load.figures().announces;
    } finally {
      await load.stop();
    }
    // Go compiles its standard library first where it has not yet done so.
  }, 180_000);

  afterAll(async () => {
    await tracker?.stop();
    built?.remove();
    rmSync(folder, { recursive: true });
  });

  function profileOf(kind: ProfileKind): Profile {
    const file = path.join(folder, 'loaded', `${kind}.pb.gz`);
    const result = decodeProfile(readFileSync(file), { fileName: file });
    if (!result.ok) throw result.problem;
    return result.profile;
  }

  test('gives all seven profiles of a tracker under load', () => {
    expect(announces).toBeGreaterThan(1000);
    expect([...atStart, ...captured.missing]).toEqual([]);
    expect(captured.files.map(({ kind }) => kind).sort()).toEqual([...goKinds].sort());
    for (const record of captured.files) {
      expect(profileFileSchema.parse(record)).toEqual(record);
      expect(record.file).toBe(`${record.kind}.pb.gz`);
    }
    // Nothing half-written is left.
    expect(readdirSync(path.join(folder, 'loaded')).length).toBe(goKinds.length);
  });

  test('books spans and moments', () => {
    const spans = new Map(captured.files.map(({ kind, durationNs }) => [kind, durationNs]));
    expect(spans.get('cpu')).toBeGreaterThanOrEqual(LEAST_SPAN_NS);
    for (const kind of ['allocations', 'heap-growth', 'mutex', 'block'] as const) {
      expect(spans.get(kind)).toBeGreaterThanOrEqual(LEAST_SPAN_NS);
      expect(profileOf(kind).durationNs).toBe(spans.get(kind));
    }
    expect([spans.get('live-heap'), spans.get('goroutine')]).toEqual([0, 0]);
    const intervals = new Map(captured.files.map(({ kind, interval }) => [kind, interval]));
    expect(intervals.get('cpu')).toEqual({ value: 10_000, unit: 'microseconds' });
    expect(intervals.get('allocations')).toEqual({ value: 4_096, unit: 'bytes' });
    expect(intervals.get('mutex')).toBeNull();
  });

  test('names the tracker, its runtime and the system in the CPU profile', () => {
    const rows = topTable(profileOf('cpu'), { count: 0, sort: 'cum' }).rows;
    const classOf = (name: string) => rows.find(({ functionName }) => functionName === name)?.class;
    expect(classOf('runtime.mallocgc')).toBe('allocation');
    expect(classOf('main.(*server).work')).toBe('application');
    expect(classOf('main.(*tracker).announce')).toBe('application');
    expect(classOf('syscall.Syscall6')).toBe('syscall');
    const [first] = chargedTable(profileOf('cpu'), { count: 10 }).rows;
    expect(first).toMatchObject({ class: 'application', functionName: expect.stringMatching(/^main\./) });
  });

  test('names the allocating functions of the tracker, with their files', () => {
    const profile = profileOf('allocations');
    expect(profile.valueTypes.map(({ type }) => type)).toEqual(['alloc_objects', 'alloc_space']);
    const rows = topTable(profile, { count: 0, granularity: 'filefunctions' }).rows;
    const announce = rows.find(({ functionName }) => functionName === 'main.(*server).announce');
    expect(announce?.cum).toBeGreaterThan(0);
    expect(announce?.file).toMatch(/go-tracker\/server\.go$/);
  });

  test('names the contended mutex', () => {
    const rows = topTable(profileOf('mutex'), { count: 0 }).rows;
    const unlock = rows.find(({ functionName }) => functionName === 'sync.(*Mutex).Unlock');
    expect(unlock?.class).toBe('lock');
    expect(unlock?.flat).toBeGreaterThan(0);
    expect(rows.map(({ functionName }) => functionName)).toContain('main.(*tracker).announce');
  });

  test('gives the goroutines and the live heap of the end', () => {
    const goroutines = profileOf('goroutine');
    const work = topTable(goroutines, { count: 0 }).rows.find(
      ({ functionName }) => functionName === 'main.(*server).work',
    );
    expect(work?.cum).toBe(4);
    expect(profileOf('live-heap').valueTypes.map(({ type }) => type)).toEqual([
      'inuse_objects',
      'inuse_space',
    ]);
  });

  test.each(goKinds)('gives a %s profile of which go tool pprof -top prints what the lab prints', (kind) => {
    const file = path.join(folder, 'loaded', `${kind}.pb.gz`);
    const valueTypes = profileOf(kind).valueTypes.map(({ type }) => type);
    for (const valueType of [undefined, ...valueTypes]) {
      for (const shape of [{ count: 10 }, { count: 0, sort: 'cum' as const }]) {
        const options = valueType === undefined ? shape : { ...shape, valueType };
        expect(labTop(file, options), JSON.stringify(options)).toBe(goTop(file, options));
      }
    }
  });

  test('leaves out what was there before the phase', async () => {
    const source = goPprofSource({ url: tracker.pprofUrl });
    await source.start(captureOptions('idle', 1000));
    const idle = await source.stop(captureOptions('idle', 1000));
    expect(idle.files.map(({ kind }) => kind)).toContain('goroutine');
    // What is left is the endpoint's own.
    const file = path.join(folder, 'idle', 'allocations.pb.gz');
    expect(existsSync(file) ? labTop(file, { count: 0 }) : '').not.toMatch(/\bmain\./);
    expect(topTable(profileOf('allocations'), { count: 0 }).total).toBeGreaterThan(0);
  });

  test('ends its profiler where the phase is cut short, and says so', async () => {
    const source = goPprofSource({ url: tracker.pprofUrl });
    expect(await source.start(captureOptions('short', 60_000))).toEqual([]);
    const { files, missing } = await source.stop(captureOptions('short', 60_000));
    expect(missing.find(({ kind }) => kind === 'cpu')?.reason).toMatch(
      /^the phase ended [\d.]+ s before the 60 s/,
    );
    expect(files.map(({ kind }) => kind)).toContain('goroutine');
    // The profiler is free again once the program has seen that nobody waits.
    const refusals: unknown[] = [];
    for (let tries = 0; tries < 20; tries++) {
      const missingNow = await source.start(captureOptions('short', 60_000));
      await source.stop(captureOptions('short', 60_000));
      refusals.push(...missingNow);
      if (missingNow.length === 0) break;
    }
    expect(refusals.length).toBeLessThan(20);
  });

  test('is told to be in use where another CPU profile runs', async () => {
    const [first, second] = [1, 2].map(() => goPprofSource({ url: tracker.pprofUrl }));
    if (first === undefined || second === undefined) throw new Error('two sources');
    await first.start(captureOptions('first', 60_000));
    const missing = await second.start(captureOptions('second', 60_000));
    expect(missing).toEqual([
      { kind: 'cpu', reason: expect.stringMatching(/^another CPU profile is running in the program \(500 /) },
    ]);
    const stopped = await second.stop(captureOptions('second', 60_000));
    expect(stopped.missing.map(({ kind }) => kind)).not.toContain('cpu');
    await first.stop(captureOptions('first', 60_000));
  });

  test('tells the version of Go by process and by port', async () => {
    const known = await goRuntimeVersion({ pid: tracker.pid, url: null });
    expect(known).toEqual({ version: expect.stringMatching(/^(go1\.|devel )/), reason: null });
    expect(await goRuntimeVersion({ pid: null, url: tracker.pprofUrl })).toEqual(known);
  });
});

describe.skipIf(!hasGo)(
  'a Go tracker without fractions and rates (skipped where Go is not installed)',
  () => {
    let folder = '';
    let built: ReturnType<typeof buildGoTracker>;
    beforeAll(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'go-profiles-'));
      built = buildGoTracker();
    }, 180_000);
    afterAll(() => {
      built?.remove();
      rmSync(folder, { recursive: true });
    });

    test('has no mutex and no block profile, and the reasons name what is not set', async () => {
      const tracker = await startGoTracker(built.binary);
      const load = await startSmallLoad(tracker.port, 16);
      const options = { phase: 'profiled' as const, directory: folder, durationMs: 1000 };
      try {
        const source = goPprofSource({ url: tracker.pprofUrl });
        expect(await source.start(options)).toEqual([]);
        await delay(options.durationMs);
        const { files, missing } = await source.stop(options);
        expect(files.map(({ kind }) => kind)).toEqual([
          'cpu',
          'allocations',
          'heap-growth',
          'live-heap',
          'goroutine',
        ]);
        expect(missing).toEqual([
          {
            kind: 'mutex',
            reason: expect.stringMatching(/no mutex fraction set \(runtime.SetMutexProfileFraction\)$/),
          },
          {
            kind: 'block',
            reason: expect.stringMatching(/no block rate set \(runtime.SetBlockProfileRate\)$/),
          },
        ]);
      } finally {
        await load.stop();
        await tracker.stop();
      }
    });

    test('that ends during the phase leaves six reasons', async () => {
      const tracker = await startGoTracker(built.binary);
      const options = {
        phase: 'profiled' as const,
        directory: path.join(folder, 'dead'),
        durationMs: 60_000,
      };
      const source = goPprofSource({ url: tracker.pprofUrl });
      expect(await source.start(options)).toEqual([]);
      await tracker.stop();
      const { files, missing } = await source.stop(options);
      expect(files).toEqual([]);
      expect(missing.map(({ kind }) => kind).sort()).toEqual([...goKinds].sort());
      const reasons = new Set(missing.filter(({ kind }) => kind !== 'cpu').map(({ reason }) => reason));
      expect([...reasons]).toEqual([
        expect.stringMatching(/nothing listens at 127\.0\.0\.1:\d+ \(connection refused; check --pprof\)/),
      ]);
      expect(missing.find(({ kind }) => kind === 'cpu')?.reason).toMatch(/the connection was closed/);
    });
  },
);

test('a program that is not Go has no Go version, and the reason names it', async () => {
  expect(await goRuntimeVersion({ pid: process.pid, url: null })).toEqual({
    version: null,
    reason: expect.stringMatching(/holds no build information of Go$/),
  });
  expect((await goRuntimeVersion({ pid: 2 ** 30, url: null })).reason).toMatch(/cannot be read/);
  expect((await goRuntimeVersion({ pid: null, url: null })).reason).toMatch(/process is not known/);
  expect((await goRuntimeVersion({ pid: null, url: 'http://192.0.2.1/debug/pprof' })).reason).toMatch(
    /process is not known/,
  );
});
