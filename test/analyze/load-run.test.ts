import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRun } from '../../src/analyze/load-run.ts';
import { LabError } from '../../src/errors.ts';
import { healthyCpu } from './drawn-profiles.ts';
import { syntheticRun, writeSyntheticRun } from './synthetic-run.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'load-run-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function errorOf(directory: string): LabError {
  try {
    loadRun(directory);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('expected a LabError');
}

function rewriteRun(directory: string, change: (run: ReturnType<typeof syntheticRun>) => unknown): void {
  const run = syntheticRun();
  writeFileSync(path.join(directory, 'run.json'), JSON.stringify(change(run)));
}

describe('a run that was written whole', () => {
  it('comes back with its timeline, latencies and profiles', () => {
    const evidence = loadRun(writeSyntheticRun(root, { profiles: { cpu: healthyCpu } }));
    expect(evidence.run).toEqual(syntheticRun({ profiles: { cpu: healthyCpu } }));
    expect(evidence.brokenTimelineLines).toBe(0);
    expect(evidence.timeline.filter((row) => row.kind === 'load')).toHaveLength(21);
    expect(evidence.profiles.map((loaded) => loaded.profile.sampleCount)).toEqual([5]);
  });

  it('has latency by operation and of all, in nanoseconds', () => {
    const evidence = loadRun(writeSyntheticRun(root, { latenciesNs: [1e6, 2e6, 3e6, 10e6] }));
    const all = evidence.latency('clean', 'all', 'service');
    const announce = evidence.latency('clean', 'announce', 'service');
    expect(announce?.count).toBe(120_000);
    expect(all?.count).toBe(146_400);
    expect(Math.abs((all?.meanNs ?? 0) / 4e6 - 1)).toBeLessThan(0.001);
    expect(Math.abs((all?.p50Ns ?? 0) / 2e6 - 1)).toBeLessThan(0.001);
    expect(Math.abs((all?.p99Ns ?? 0) / 10e6 - 1)).toBeLessThan(0.001);
    expect(Math.abs((all?.minNs ?? 0) / 1e6 - 1)).toBeLessThan(0.001);
    expect(Math.abs((all?.maxNs ?? 0) / 10e6 - 1)).toBeLessThan(0.001);
  });

  it('has no latency of a clock that was not recorded', () => {
    expect(loadRun(writeSyntheticRun(root)).latency('clean', 'all', 'response')).toBeNull();
  });

  it('leaves out and counts a half line of the timeline', () => {
    const directory = writeSyntheticRun(root);
    writeFileSync(
      path.join(directory, 'timeline.ndjson'),
      '{"kind":"process","atMs":1\n\n{"kind":"other"}\n',
    );
    const evidence = loadRun(directory);
    expect(evidence.timeline).toEqual([]);
    expect(evidence.brokenTimelineLines).toBe(2);
  });
});

describe('a folder that is no whole run', () => {
  it('without run.json is refused with a hint', () => {
    const error = errorOf(root);
    expect(error.code).toBe('RUN_FILE_MISSING');
    expect(error.message).toContain('run.json');
    expect(error.hint).not.toBe('');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a record without its fields', '{"schemaVersion":1}'],
  ])('with %s in run.json is refused', (_, text) => {
    writeFileSync(path.join(root, 'run.json'), text);
    expect(errorOf(root).code).toBe('BAD_RUN');
  });

  it.each(['histograms', 'profiles'] as const)('that names one of its %s twice is refused', (list) => {
    const directory = writeSyntheticRun(root, { profiles: { cpu: healthyCpu } });
    const run = syntheticRun({ profiles: { cpu: healthyCpu } });
    const changed = { ...run, [list]: [...run[list], run[list][0]] };
    writeFileSync(path.join(directory, 'run.json'), JSON.stringify(changed));
    const error = errorOf(directory);
    expect(error.code).toBe('BAD_RUN');
    expect(error.message).toMatch(/the (histogram|profile) [a-z- ]+ twice/);
  });

  it.each(['../../x', '', 'a/b', '<b>', 'x'.repeat(200)])('with the id %j is refused', (runId) => {
    const directory = writeSyntheticRun(root);
    rewriteRun(directory, (run) => ({ ...run, runId }));
    expect(errorOf(directory).code).toBe('BAD_RUN');
  });

  it('of another schema version is refused by that version', () => {
    writeFileSync(path.join(root, 'run.json'), '{"schemaVersion":2}');
    const error = errorOf(root);
    expect(error.code).toBe('RUN_VERSION');
    expect(error.message).toContain('found 2');
  });

  it('with a histogram that is none is refused by its name', () => {
    const directory = writeSyntheticRun(root);
    writeFileSync(path.join(directory, 'clean-announce-service.hdr'), 'AAAA');
    const error = errorOf(directory);
    expect(error.code).toBe('BAD_HISTOGRAM');
    expect(error.message).toContain('clean-announce-service.hdr');
  });

  it('with a profile that is none is refused by its name', () => {
    const directory = writeSyntheticRun(root, { profiles: { cpu: healthyCpu } });
    writeFileSync(path.join(directory, 'cpu.pb.gz'), Buffer.from([0x1f, 0x8b, 0, 0]));
    const error = errorOf(directory);
    expect(error.code).toBe('BAD_PROFILE');
    expect(error.message).toContain('cpu.pb.gz');
  });

  it('with a file missing is refused by its name', () => {
    const directory = writeSyntheticRun(root);
    rmSync(path.join(directory, 'warm-up-scrape-service.hdr'));
    expect(errorOf(directory).message).toContain('warm-up-scrape-service.hdr');
  });
});

describe('a name in run.json that leads elsewhere', () => {
  it.each([
    ['a parent', '../secret.hdr'],
    ['an absolute path', '/etc/passwd'],
    ['a folder below', 'below/one.hdr'],
    ['a backslash', 'below\\one.hdr'],
    ['a NUL', 'one.hdr\0.txt'],
    ['only dots', '..'],
    ['300 characters', `${'a'.repeat(300)}.hdr`],
    ['nothing', ''],
    ['a line break', 'one.hdr\n'],
  ])('by %s is refused', (_, file) => {
    const directory = writeSyntheticRun(root);
    writeFileSync(path.join(root, 'secret.hdr'), 'secret');
    rewriteRun(directory, (run) => ({ ...run, histograms: [{ ...run.histograms[0], file }] }));
    expect(errorOf(directory).code).toBe('UNSAFE_FILE_NAME');
  });

  it('by a symlink out of the folder is refused', () => {
    const directory = writeSyntheticRun(root);
    const secret = path.join(root, 'secret.hdr');
    writeFileSync(secret, 'secret');
    symlinkSync(secret, path.join(directory, 'link.hdr'));
    rewriteRun(directory, (run) => ({ ...run, histograms: [{ ...run.histograms[0], file: 'link.hdr' }] }));
    expect(errorOf(directory).code).toBe('UNSAFE_FILE_NAME');
  });

  it('by a dangling symlink or a folder is missing', () => {
    const directory = writeSyntheticRun(root);
    symlinkSync(path.join(directory, 'nowhere'), path.join(directory, 'link.hdr'));
    mkdirSync(path.join(directory, 'folder.hdr'));
    for (const file of ['link.hdr', 'folder.hdr']) {
      rewriteRun(directory, (run) => ({ ...run, histograms: [{ ...run.histograms[0], file }] }));
      expect(errorOf(directory).code).toBe('RUN_FILE_MISSING');
    }
  });

  it('by a symlink within the folder is followed', () => {
    const directory = writeSyntheticRun(root);
    symlinkSync('clean-announce-service.hdr', path.join(directory, 'link.hdr'));
    rewriteRun(directory, (run) => ({
      ...run,
      histograms: [{ phase: 'clean', operation: 'announce', clock: 'service', file: 'link.hdr' }],
    }));
    expect(loadRun(directory).latency('clean', 'announce', 'service')?.count).toBe(120_000);
  });
});
