import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';

const fixture = path.join(import.meta.dirname, 'fixtures', 'doomed-launcher.mjs');

it.skipIf(process.platform !== 'linux')(
  'a process that the lab had no time to tell of does not outlive it',
  async () => {
    const launcher = fork(fixture, { execArgv: [] });
    const [pid] = (await once(launcher, 'message')) as [number];
    expect(hasEnded(pid)).toBe(false);
    launcher.kill('SIGKILL');
    await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 5_000, interval: 20 });
  },
);

function hasEnded(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}
