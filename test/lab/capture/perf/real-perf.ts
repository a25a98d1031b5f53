import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Why perf cannot record here; null where it can. */
export function whyNoPerf(): string | null {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perf-probe-'));
  const probe = spawnSync(
    'perf',
    ['record', '-e', 'cpu-clock', '-o', path.join(folder, 'data'), '--', 'true'],
    {
      encoding: 'utf8',
    },
  );
  rmSync(folder, { recursive: true });
  if (probe.error !== undefined) return 'perf is not installed';
  return probe.status === 0 ? null : `perf cannot record: ${probe.stderr.trim().split('\n')[0]}`;
}

/** Whether a program can be started at all. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

/** Starts a program that prints `ready`, and waits for that. */
export async function startReady(
  program: string,
  args: readonly string[],
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended before it was ready, exit code ${code}`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return child as ChildProcess & { pid: number };
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
