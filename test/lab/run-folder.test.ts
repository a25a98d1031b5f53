import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../src/errors.ts';
import { RunFolder } from '../../src/lab/run-folder.ts';
import type { LoadRow } from '../../src/run.ts';
import { syntheticRun } from '../analyze/synthetic-run.ts';

const canMount = mountsTmpfs();
const startedAt = '2026-11-24T10:15:00.123Z';
let root = '';

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tracker-lab-folder-'));
});
afterEach(() => {
  chmodSync(root, 0o700);
  rmSync(root, { recursive: true, force: true });
});

const row: LoadRow = {
  kind: 'load',
  atMs: 1000,
  spanMs: 1000,
  phase: 'clean',
  sent: 1,
  succeeded: 1,
  timedOut: 0,
  errorReplies: 0,
  malformedReplies: 0,
  sendFailed: 0,
  latencyNsP50: 1,
  latencyNsP95: 1,
  latencyNsP99: 1,
  latencyNsMax: 1,
};

function mountsTmpfs(): boolean {
  const probe = mkdtempSync(path.join(tmpdir(), 'tracker-lab-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

describe('RunFolder', () => {
  it('gives two runs of the same second folders of their own', () => {
    const first = RunFolder.create(root, 'light', startedAt);
    const second = RunFolder.create(root, 'light', startedAt);
    expect([first.runId, second.runId]).toEqual(['20261124-101500-light', '20261124-101500-light-2']);
    first.discard();
    second.discard();
    expect(readdirSync(root)).toEqual([]);
  });

  it('makes the root, keeps the timeline in order and writes run.json last', () => {
    const folder = RunFolder.create(path.join(root, 'a', 'b'), 'light', startedAt);
    folder.appendRow(row);
    folder.appendRow({ ...row, atMs: 2000 });
    expect(existsSync(path.join(folder.directory, 'run.json'))).toBe(false);
    const run = syntheticRun();
    folder.finish(run);
    const lines = readFileSync(path.join(folder.directory, 'timeline.ndjson'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).atMs)).toEqual([1000, 2000]);
    expect(JSON.parse(readFileSync(path.join(folder.directory, 'run.json'), 'utf8'))).toEqual(run);
  });

  it('leaves no half file where a file cannot be written, and names it', () => {
    const folder = RunFolder.create(root, 'light', startedAt);
    // A folder under the file's name: the rename fails as it would on a broken disk.
    mkdirSync(path.join(folder.directory, 'cpu.pb.gz'));
    writeFileSync(path.join(folder.directory, 'cpu.pb.gz', 'x'), '');
    const write = () => folder.writeFile('cpu.pb.gz', 'content');
    expect(write).toThrow(LabError);
    expect(write).toThrow(/OUT_NOT_WRITABLE|cannot write .*cpu\.pb\.gz/);
    expect(readdirSync(folder.directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    folder.discard();
  });

  it('fails at once where the system refuses folders', () => {
    expect(() => RunFolder.create('/proc/tracker-lab/runs', 'light', startedAt)).toThrow(/cannot write/);
  });

  it.skipIf(!canMount)(
    `saves what a full disk takes, marked partial${canMount ? '' : ' (skipped: no tmpfs can be mounted)'}`,
    () => {
      const disk = path.join(root, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
      try {
        const folder = RunFolder.create(disk, 'light', startedAt);
        for (let index = 0; index < 2_000; index++) folder.appendRow(row);
        expect(() => folder.writeFile('latency.hdr', new Uint8Array(8192))).toThrow(/latency\.hdr \(ENOSPC/);
        const written = folder.finish({ ...syntheticRun(), partial: null });
        expect(written.partial?.reason).toMatch(/timeline\.ndjson could not be written whole \(ENOSPC/);
        const saved = JSON.parse(readFileSync(path.join(folder.directory, 'run.json'), 'utf8'));
        expect(saved.partial).toEqual(written.partial);
        expect(readdirSync(folder.directory)).toEqual(['run.json', 'timeline.ndjson']);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it.skipIf(!canMount)(
    `refuses a disk without room for run.json, before any load${canMount ? '' : ' (skipped: no tmpfs can be mounted)'}`,
    () => {
      const disk = path.join(root, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', disk]);
      try {
        const create = () => RunFolder.create(disk, 'light', startedAt);
        expect(create).toThrow(new RegExp(`cannot write ${disk} \\(ENOSPC`));
        expect(readdirSync(disk)).toEqual([]);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it('names the root where no folder can be made in it', () => {
    const file = path.join(root, 'file');
    writeFileSync(file, '');
    expect(() => RunFolder.create(file, 'light', startedAt)).toThrow(new RegExp(`cannot write ${file}`));
    for (const out of [file, path.join(file, 'below')]) {
      try {
        RunFolder.create(out, 'light', startedAt);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'OUT_NOT_WRITABLE', exitCode: 2 });
        expect((error as LabError).hint).toMatch(/a file stands where a folder is needed.*--out DIR/);
      }
    }
  });
});
