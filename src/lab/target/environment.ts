import { readFileSync } from 'node:fs';
import os from 'node:os';
import { packageVersion } from '../../package-root.ts';
import type { Environment } from '../../run.ts';
import { interruptsBookedOnProcesses } from './interrupt-accounting.ts';

/** Describes this machine and this process. The tester is `LAB_TESTER`, else the user's name. */
export function readEnvironment(
  pinning: Environment['pinning'],
  udpFloor: Environment['udpFloor'] = null,
): Environment {
  const cpus = os.cpus();
  return {
    tester: process.env['LAB_TESTER'] || userName(),
    os: systemName(),
    kernel: os.release(),
    arch: os.arch(),
    cpuModel: cpus[0]?.model.trim() || 'unknown model',
    cpuCount: Math.max(cpus.length, 1),
    memoryBytes: os.totalmem(),
    interruptsBookedOnProcesses: interruptsBookedOnProcesses(),
    udpFloor,
    cpuGovernor: readGovernors(cpus.length),
    pinning,
    labVersion: packageVersion,
    labNodeVersion: process.version,
  };
}

/** Each distinct governor once. */
function readGovernors(cpuCount: number): string | null {
  const names = new Set<string>();
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    try {
      names.add(readFileSync(`/sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_governor`, 'utf8').trim());
    } catch {
      // Most virtual machines have no such file.
    }
  }
  return names.size === 0 ? null : [...names].join(', ');
}

/** The name in os-release (`Debian GNU/Linux 12 (bookworm)`), else type and release of the kernel. */
function systemName(): string {
  try {
    const name = parsePrettyName(readFileSync('/etc/os-release', 'utf8'));
    if (name) return name;
  } catch {
    // No such file: not Linux, or a bare container.
  }
  return `${os.type()} ${os.release()}`;
}

/**
 * PRETTY_NAME of an os-release file, unquoted; undefined where it has none.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html
 */
export function parsePrettyName(text: string): string | undefined {
  const value = /^PRETTY_NAME=(.*)$/m.exec(text)?.[1]?.trim();
  return value?.replace(/^(["'])(.*)\1$/, '$2') || undefined;
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A user id without an entry in the user database, as in many containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
