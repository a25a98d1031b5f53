import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Machine } from './results.ts';

/** @param pinning - as the benchmark has chosen it */
export function readMachine(pinning: Machine['pinning']): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? 'not known',
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    virtualization: hypervisor(),
    node: process.version,
    pinning,
  };
}

/** First line that a program prints about itself; null where it cannot be run. */
export function programVersion(file: string, args: readonly string[]): string | null {
  try {
    const text = execFileSync(file, args, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
    return text.split('\n')[0] ?? null;
  } catch {
    return null;
  }
}

function hypervisor(): string | null {
  const named = programVersion('systemd-detect-virt', []);
  if (named !== null) return named;
  try {
    return /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'))
      ? 'a hypervisor'
      : null;
  } catch {
    return null;
  }
}
