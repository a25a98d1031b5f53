/** A tracker that runs under clinic: started, found, told to end, and what clinic made of it. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ExitCode, LabError } from '../../errors.ts';
import type { ClinicTool } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';
import { type LaunchedProcess, launchProcess } from '../target/child-process.ts';
import { tellingWords } from '../target/exit-cause.ts';
import { ProcessGroup } from '../target/process-group.ts';
import { ProcessTree } from '../target/process-tree.ts';
import { waitUntilServed } from '../target/readiness.ts';
import { udpPortsOf } from '../target/served-ports.ts';
import type { ClinicInstall } from './find-clinic.ts';

/** Clinic's own modules alone take a second or two. */
const READY_TIMEOUT_MS: Milliseconds = 15_000;
/** What the tracker may take to end by SIGINT, and again by SIGTERM. */
const END_GRACE_MS: Milliseconds = 3_000;
/** Bundling a page takes seconds, the analysis of bubbleprof more. */
const PAGE_TIMEOUT_MS: Milliseconds = 90_000;
const LOOK_INTERVAL_MS: Milliseconds = 50;
const NAME = 'tracker';

/** What V8 and clinic leave in the working folder when they are ended early. */
const litter = /^node_trace\.\d+\.log$|^isolate-?.*-v8\.log$|^\d+-v8\.log$/;

export interface ClinicTargetOptions {
  readonly clinic: ClinicInstall;
  readonly tool: ClinicTool;
  /** Node and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Added to the lab's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** IP address that the command serves. */
  readonly address: string;
  readonly port: number;
  /** Cores to run on, as taskset takes them; null: not pinned. */
  readonly cpus: string | null;
  /** A folder for clinic's data; made, and removed by {@link ClinicTarget.discard}. */
  readonly dataFolder: string;
  readonly signal: AbortSignal;
  /** What clinic may take for its page. Default: 90 seconds. */
  readonly pageTimeoutMs?: Milliseconds;
}

/** A tracker that serves under clinic. */
export interface ClinicTarget {
  /**
   * Ends the tracker (SIGINT to itself first, as clinic asks, then SIGTERM) and waits for clinic's page.
   *
   * @returns absolute paths of the page and of the folder of its data
   * @throws LabError `CLINIC_FAILED`; {@link ClinicTarget.discard} ends what is left
   */
  finish(): Promise<{ readonly page: string; readonly data: string }>;
  /** Ends all at once, and removes the data. Also after {@link finish}. */
  discard(): Promise<void>;
}

/**
 * Starts a command under clinic and waits until it serves.
 *
 * @throws LabError `CLINIC_FAILED`; nothing is left running then
 */
export async function startClinicTarget(options: ClinicTargetOptions): Promise<ClinicTarget> {
  const { clinic, tool, command, cwd, dataFolder, address, port, signal } = options;
  const { pageTimeoutMs = PAGE_TIMEOUT_MS } = options;
  const before = new Set(litterIn(cwd));
  if (tool === 'doctor' && before.size > 0) {
    throw clinicFailed(
      tool,
      `${[...before].join(', ')} lie in ${cwd}, and it does not start beside them`,
      '',
    );
  }
  mkdirSync(dataFolder, { recursive: true });
  const running = launchProcess({
    file: process.execPath,
    args: [clinic.command, tool, '--open=false', '--dest', dataFolder, '--name', NAME, '--', ...command],
    environment: {
      ...options.environment,
      // No telemetry, no look for updates, and no settings of either in the operator's home.
      NO_INSIGHT: '1',
      NO_UPDATE_NOTIFIER: '1',
      CI: '1',
      XDG_CONFIG_HOME: dataFolder,
    },
    cwd,
    ipc: false,
    cpus: options.cpus,
  });
  const { pid } = running.child;
  if (pid === undefined) throw clinicFailed(tool, 'it could not be started', running.stderr());
  const tree = new ProcessTree({ pid, marker: null, ownSession: true });
  const group = new ProcessGroup({ leader: pid, tree, watchdog: running.watchdog });
  const discard = async (): Promise<void> => {
    running.expectEnd();
    await group.stop(0);
    for (const name of litterIn(cwd)) if (!before.has(name)) rmSync(path.join(cwd, name), { force: true });
    rmSync(dataFolder, { recursive: true, force: true });
  };
  try {
    await untilServed({ running, tool, address, port, signal });
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    async finish() {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(pageTimeoutMs)]);
      await endTracker(tree, port, deadline);
      const ended = await endWithin(running, deadline);
      const page = readdirSync(dataFolder).find((name) => name.endsWith('.html'));
      if (!ended || page === undefined) {
        const why = signal.aborted
          ? 'it was interrupted'
          : ended
            ? 'it ended without a page'
            : `it made no page within ${pageTimeoutMs / 1000} s`;
        throw clinicFailed(tool, why, running.stderr());
      }
      return {
        page: path.join(dataFolder, page),
        data: path.join(dataFolder, page.slice(0, -'.html'.length)),
      };
    },
  };
}

async function untilServed({
  running,
  tool,
  address,
  port,
  signal,
}: Pick<ClinicTargetOptions, 'tool' | 'address' | 'port' | 'signal'> & {
  readonly running: LaunchedProcess;
}): Promise<void> {
  const over = new AbortController();
  void running.exited.then(() => over.abort());
  const either = AbortSignal.any([signal, over.signal]);
  const served = await waitUntilServed({ address, port, timeoutMs: READY_TIMEOUT_MS, signal: either });
  if (served) return;
  const why = signal.aborted
    ? 'it was interrupted'
    : over.signal.aborted
      ? 'it ended before the tracker served'
      : `the tracker did not serve port ${port} within ${READY_TIMEOUT_MS / 1000} s`;
  throw clinicFailed(tool, why, running.stderr());
}

/** A signal to clinic itself makes some of its tools wait for ever, so the process that serves is told. */
async function endTracker(tree: ProcessTree, port: number, deadline: AbortSignal): Promise<void> {
  const tracker = tree.alive().find((pid) => udpPortsOf([pid])?.includes(port) === true);
  if (tracker === undefined) return;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    kill(tracker, name);
    const endMs = performance.now() + END_GRACE_MS;
    while (performance.now() < endMs && !deadline.aborted) {
      if (!tree.alive().includes(tracker)) return;
      await wait(LOOK_INTERVAL_MS);
    }
  }
}

async function endWithin(running: LaunchedProcess, deadline: AbortSignal): Promise<boolean> {
  const aborted = new Promise<false>((resolve) => {
    if (deadline.aborted) resolve(false);
    else deadline.addEventListener('abort', () => resolve(false), { once: true });
  });
  return Promise.race([running.exited.then(() => true), aborted]);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

function litterIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => litter.test(name)) : [];
}

function clinicFailed(tool: ClinicTool, why: string, stderr: string): LabError {
  const words = tellingWords(stderr, 300);
  return new LabError({
    code: 'CLINIC_FAILED',
    message: `clinic ${tool}: ${why}${words === '' ? '' : `; stderr: "${words}"`}`,
    hint: 'run clinic by itself to see its whole output',
    exitCode: ExitCode.internal,
  });
}
