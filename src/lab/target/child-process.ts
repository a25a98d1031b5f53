import type { ChildProcess } from 'node:child_process';
import { execa } from 'execa';
import type { TargetExit } from '../../run.ts';
import { exitCause, lastWords } from './exit-cause.ts';
import { GroupWatchdog } from './group-watchdog.ts';

/** V8's last words with its native stack trace are about 6 KB. */
const KEPT_STDERR_BYTES = 32 * 1024;
/** What the process has written arrives with its end or never: a grandchild may hold the pipe open. */
const STDERR_GRACE_MS = 250;

interface LaunchOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the lab's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Working folder. Default: the lab's. */
  readonly cwd?: string;
  /** Cores to run on, as taskset takes them; null: wherever the kernel likes. */
  readonly cpus: string | null;
  /** Whether it gets an IPC channel. */
  readonly ipc: boolean;
}

/** A process that the lab has started and will end. */
export interface LaunchedProcess {
  readonly child: ChildProcess;
  /** Ends it where the lab is killed; its marker is in the environment of the process and of all that come from it. */
  readonly watchdog: GroupWatchdog;
  /** As started, taskset included. */
  readonly command: readonly string[];
  /** What it has written to stderr so far, cut at the front. */
  readonly stderr: () => string;
  /** Resolves with its end, once; never rejects. */
  readonly exited: Promise<TargetExit>;
  /** To be called before somebody else ends it at the lab's wish. */
  expectEnd(): void;
}

/**
 * Starts a process, where asked with an IPC channel and on its own cores. It leads a session and process group of its own:
 * a Ctrl-C in the lab's terminal does not reach it, and it does not end with the lab by itself.
 */
export function launchProcess(options: LaunchOptions): LaunchedProcess {
  const { file, args, environment = {}, cpus } = options;
  const command = cpus === null ? [file, ...args] : ['taskset', '-c', cpus, file, ...args];
  const [program, ...programArgs] = command as [string, ...string[]];
  const watchdog = new GroupWatchdog();
  const running = execa(program, programArgs, {
    ...(options.ipc ? { ipc: true } : {}),
    stdin: 'ignore',
    // A tracker that logs must not wait for a reader, and no log of it belongs in a report.
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    env: { ...environment, ...watchdog.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: true,
  });
  const child = running as unknown as ChildProcess;
  watchdog.watch(child.pid);
  let stopping = false;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR_BYTES);
  });

  const exited = new Promise<TargetExit>((resolve) => {
    const finish = (exitCode: number | null, signal: string | null) => {
      const settle = () =>
        resolve({
          expected: stopping,
          exitCode,
          signal,
          cause: exitCause(stderr),
          lastStderr: lastWords(stderr),
        });
      const timer = setTimeout(settle, STDERR_GRACE_MS);
      child.once('close', () => {
        clearTimeout(timer);
        settle();
      });
    };
    child.once('exit', finish);
    // A program that cannot be started has no exit event.
    void running.then((result) => {
      if (child.pid !== undefined) return;
      stderr += 'shortMessage' in result ? result.shortMessage : '';
      finish(null, null);
    });
  });

  return {
    child,
    watchdog,
    command,
    stderr: () => stderr,
    exited,
    expectEnd() {
      if (!hasEnded(child)) stopping = true;
    },
  };
}

/** Whether it has ended, or never began. */
function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}
