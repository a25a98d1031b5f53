/** Says why perf gave no profile, and what the operator can do about it. */
type PerfFailureCode =
  | 'not-installed'
  | 'too-old'
  | 'paranoid'
  | 'no-permission'
  | 'no-pids'
  | 'target-gone'
  | 'died';

export interface PerfFailure {
  readonly code: PerfFailureCode;
  /** One line, with the command that mends it where there is one. */
  readonly reason: string;
}

/** What is known of a perf that did not do its work. */
export interface PerfDeath {
  /** Error code of the start (`ENOENT`), null where it started. */
  readonly spawnError: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** Whether one of the asked-for processes still lives. */
  readonly targetLives: boolean;
  /** kernel.perf_event_paranoid; null where it cannot be read. */
  readonly paranoid: number | null;
  /** Asked-for processes that belong to another user, where the lab is not root. */
  readonly foreignPids: readonly number[];
}

/** Debian's and Ubuntu's wrappers, which look for the perf of the running kernel. */
const wrapperFailed = /perf not found for kernel|linux-perf\S* is not installed|linux-tools-\S+/;
const refused =
  /Access to performance monitoring|Permission denied|Operation not permitted|not permitted|EPERM|EACCES/i;
/** From here on, only root may observe even its own processes (Debian and Ubuntu know 3 and 4). */
const PARANOID_NOBODY = 3;
const MAX_QUOTE_LENGTH = 300;

export const noPids: PerfFailure = {
  code: 'no-pids',
  reason: 'perf needs a process id, and none of the target is known on this machine (pass --pid)',
};

/** The failure behind the end of `perf record`. */
export function perfFailure(death: PerfDeath): PerfFailure {
  const { stderr, paranoid, foreignPids } = death;
  if (death.spawnError === 'ENOENT') {
    return { code: 'not-installed', reason: 'perf is not installed (Debian: apt-get install linux-perf)' };
  }
  if (death.spawnError !== null) {
    return { code: 'died', reason: `perf could not be started (${death.spawnError})` };
  }
  if (wrapperFailed.test(stderr)) {
    const packages = 'Debian: apt-get install linux-perf; Ubuntu: apt-get install linux-tools-$(uname -r)';
    return { code: 'not-installed', reason: `perf is not installed for the running kernel (${packages})` };
  }
  if (/unknown option `?control/.test(stderr)) {
    return { code: 'too-old', reason: 'this perf has no --control; version 5.10 or newer is needed' };
  }
  if (refused.test(stderr)) return refusal(paranoid, foreignPids, stderr);
  if (!death.targetLives || /No such process/.test(stderr)) {
    return { code: 'target-gone', reason: 'the target ended before perf could observe it' };
  }
  const how = death.signal === null ? `exit code ${death.exitCode ?? 'none'}` : `signal ${death.signal}`;
  return { code: 'died', reason: `perf ended by itself (${how}): ${quote(stderr)}` };
}

function refusal(paranoid: number | null, foreignPids: readonly number[], stderr: string): PerfFailure {
  if (paranoid !== null && paranoid >= PARANOID_NOBODY) {
    return {
      code: 'paranoid',
      reason: `perf is forbidden: kernel.perf_event_paranoid is ${paranoid} (as root: sysctl kernel.perf_event_paranoid=1)`,
    };
  }
  if (foreignPids.length > 0) {
    return {
      code: 'no-permission',
      reason: `perf may not observe process ${foreignPids.join(', ')} of another user (run the lab as that user or as root)`,
    };
  }
  return {
    code: 'no-permission',
    reason:
      `the kernel does not let perf observe the target (run the lab as root; in a container, allow perf_event_open ` +
      `with --cap-add PERFMON and a seccomp profile that has it): ${quote(stderr)}`,
  };
}

/** perf's error, else its last line. */
function quote(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Events (?:dis|en)abled$/.test(line));
  const error = lines.findIndex((line) => /^(?:Error|ERROR):?$/.test(line));
  const line = (error >= 0 ? lines[error + 1] : undefined) ?? lines.at(-1);
  return line === undefined ? 'it wrote nothing to stderr' : `"${line.slice(0, MAX_QUOTE_LENGTH)}"`;
}
