import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removePerfTraces } from '../../../src/lab/target/perf-traces.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lab-traces-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a Node program to its end that writes what perf needs. */
function tracedProgram(): number {
  const { pid, status } = spawnSync(process.execPath, ['--eval', '0'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '--perf-basic-prof' },
  });
  expect(status).toBe(0);
  return pid;
}

describe.runIf(process.platform === 'linux')('what V8 writes for perf', () => {
  it('is removed with the logs beside it, and what is not there is no error', () => {
    const pid = tracedProgram();
    const map = `/tmp/perf-${pid}.map`;
    expect(existsSync(map)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
    removePerfTraces([pid], folder);
    expect(existsSync(map)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
    removePerfTraces([pid], path.join(folder, 'none'));
  });

  it('is left alone where it is of another process', () => {
    const pid = tracedProgram();
    removePerfTraces([pid + 1], folder);
    expect(existsSync(`/tmp/perf-${pid}.map`)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
    removePerfTraces([pid], folder);
  });
});
