/** Processes of the benchmark: pinned, and gone with it whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ChildOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** Cores, as taskset takes them; null: not pinned. */
  readonly cpus: string | null;
  readonly ipc?: boolean;
  readonly cwd?: string;
}

const GRACE_MS = 3_000;
const living = new Set<ChildProcess>();

process.on('exit', function endChildren() {
  for (const child of living) child.kill('SIGKILL');
});

/** Its stderr goes to the benchmark's own, its stdout nowhere. */
export function startChild({ file, args, cpus, ipc = false, cwd }: ChildOptions): ChildProcess {
  const [program, ...rest] = cpus === null ? [file, ...args] : ['taskset', '-c', cpus, file, ...args];
  const child = spawn(program as string, rest, {
    stdio: ipc ? ['ignore', 'ignore', 'inherit', 'ipc'] : ['ignore', 'ignore', 'inherit'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  living.add(child);
  // What cannot be started is told by who waits for it.
  child.on('error', () => living.delete(child));
  child.once('exit', () => living.delete(child));
  return child;
}

/** SIGTERM, and SIGKILL where that is not enough. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(timer);
}
