import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { execa } from 'execa';
import { GroupWatchdog } from '../../target/group-watchdog.ts';
import { ProcessGroup } from '../../target/process-group.ts';
import { ProcessTree } from '../../target/process-tree.ts';
import { PERF_EVENT, PERF_FREQUENCY_HZ } from './perf-profile.ts';
import { perfEnvironment } from './perf-program.ts';
import { callGraphOption, type StackWalk } from './stack-walk.ts';

/** Reading the kernel's symbols takes perf 0.2 to 0.4 s here; a big machine with many threads needs more. */
const START_TIMEOUT_MS = 15_000;
/** After the order to end, perf writes its last samples; measured 1 s. */
const STOP_TIMEOUT_MS = 15_000;
/** Where nothing of the lab is left to end it, perf outlives the planned time by this much and no more. */
const SPARE_SECONDS = 60;
const KEPT_STDERR_LENGTH = 8 * 1024;

interface RecordOptions {
  /** The perf program. */
  readonly command: string;
  /** Processes to observe, with all threads and children that they have and will have. */
  readonly pids: readonly number[];
  /** Where the samples go, in perf's own form. */
  readonly file: string;
  readonly walk: StackWalk;
  /** Planned time until the stop. */
  readonly durationMs: number;
}

/** How perf ended. */
export interface PerfEnd {
  /** Error code of the start; null where it started. */
  readonly spawnError: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface PerfRecording {
  /** The machine's monotonic clock when samples began to be taken. */
  readonly startedNs: number;
  /** Wall clock of the first sample's earliest moment, milliseconds since the epoch. */
  readonly startedEpochMs: number;
  /** Ends it, or waits for nothing where it has ended. Tells how long it recorded; never rejects. */
  stop(): Promise<PerfEnd & { readonly durationMs: number }>;
}

/** Starts `perf record` and resolves once samples are being taken, or with the end of a perf that took none. */
export async function startPerfRecording(options: RecordOptions): Promise<PerfRecording | PerfEnd> {
  const seconds = Math.ceil(options.durationMs / 1000) + SPARE_SECONDS;
  const watchdog = new GroupWatchdog();
  const running = execa(
    options.command,
    [
      ...[
        'record',
        '-e',
        PERF_EVENT,
        '-F',
        String(PERF_FREQUENCY_HZ),
        '--call-graph',
        callGraphOption(options.walk),
      ],
      // Without build ids: perf would read every binary at its end, and fill ~/.debug.
      // The clock that all processes share, so that samples can be joined with what the lab saw.
      ...['-k', 'CLOCK_MONOTONIC', '-B', '-N', '-o', options.file, '-p', options.pids.join(',')],
      // Started with its events off; it answers when the order to switch them on is carried out.
      ...['--delay=-1', '--control=fd:3,4', '--', 'sleep', String(seconds)],
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      buffer: false,
      reject: false,
      env: { ...perfEnvironment, ...watchdog.environment },
      // A Ctrl-C in the lab's terminal does not end it before its phase; the group does, however the lab ends.
      detached: true,
    },
  );
  const child = running as unknown as ChildProcess;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR_LENGTH);
  });
  const { pid } = child;
  watchdog.watch(pid);
  const tree = pid === undefined ? null : new ProcessTree({ pid, marker: null, ownSession: true });
  const group = pid === undefined || tree === null ? null : new ProcessGroup({ leader: pid, tree, watchdog });
  let endedMs = 0;
  const ended = running.then((result): PerfEnd => {
    endedMs = performance.now();
    const spawnError = child.pid === undefined ? ('code' in result && result.code) || 'unknown' : null;
    return { spawnError, exitCode: result.exitCode ?? null, signal: result.signal ?? null, stderr };
  });

  const [orders, answers] = [child.stdio[3], child.stdio[4]] as [Duplex | null, Duplex | null];
  const enabled = new Promise<'enabled'>((resolve) => {
    // The end of perf is told by its exit; a broken pipe says nothing more.
    orders?.on('error', () => undefined);
    answers?.on('error', () => undefined);
    answers?.on('data', (text: Buffer) => text.includes('ack') && resolve('enabled'));
    orders?.write('enable\n');
  });
  const started = await Promise.race([enabled, ended, timeout(START_TIMEOUT_MS)]);
  if (started === undefined) {
    await group?.stop(0);
    const end = await ended;
    return { ...end, stderr: `${end.stderr}\nno sample was taken within ${START_TIMEOUT_MS} ms` };
  }
  if (started !== 'enabled') {
    await group?.stop(0);
    return started;
  }

  const startedMs = performance.now();
  return {
    startedNs: Number(process.hrtime.bigint()),
    startedEpochMs: Date.now(),
    async stop() {
      const stoppedMs = performance.now();
      child.kill('SIGINT');
      await Promise.race([ended, timeout(STOP_TIMEOUT_MS)]);
      // With the process that it waits for, where it is late.
      await group?.stop(0);
      const end = await ended;
      return { ...end, durationMs: Math.min(stoppedMs, endedMs) - startedMs };
    },
  };
}

function timeout(durationMs: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, durationMs, undefined).unref());
}
