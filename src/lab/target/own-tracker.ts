import type { ChildProcess } from 'node:child_process';
import { ExitCode, LabError } from '../../errors.ts';
import { builtEntry } from '../../package-root.ts';
import type { TargetExit, TargetRecord } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';
import { hostPort } from '../../wire/host-port.ts';
import type { TrackerMessage, TrackerReady, TrackerWorkerLost } from '../../wire/tracker-message.ts';
import { agentLaunch } from '../capture/agent-launch.ts';
import { connectAgent, type NodeAgent } from '../capture/node-agent-client.ts';
import { isLoopback } from './address-target.ts';
import { type LaunchedProcess, launchProcess } from './child-process.ts';
import { describeEarlyExit, trackerNotReady } from './not-ready.ts';
import { ProcessGroup } from './process-group.ts';
import { ProcessTree } from './process-tree.ts';

const READY_TIMEOUT_MS = 5000;
/** From SIGTERM to SIGKILL. */
const STOP_GRACE_MS = 3000;

export interface OwnTrackerOptions {
  /** Arguments of the tracker, for example `['--whitelist', file]`. `--port 0` is added where no port is among them. */
  readonly args?: readonly string[];
  /** Arguments of Node before the script, for example `['--max-old-space-size=64']`. */
  readonly nodeArgs?: readonly string[];
  /** Cores to run on, as taskset takes them; null: not pinned. */
  readonly cpus: string | null;
  /** Sample the live heap from the start; null: no live-heap profile. */
  readonly liveHeap: { readonly intervalBytes: number } | null;
  /** Script to run. Default: this package's tracker, from dist/. */
  readonly entry?: string;
  /** Node to run it with. Default: the lab's. */
  readonly node?: string;
  /** Told when a worker thread of it has ended and its swarms are lost, in one sentence. */
  readonly onLoss?: (text: string) => void;
  /** Ends the wait for the ready message, and the process. */
  readonly abort?: AbortSignal;
}

/** This package's tracker as a process of its own, with the preload in it. */
export interface OwnTracker {
  readonly record: TargetRecord;
  readonly pid: number;
  /** Its process, and those that it has started; alive now. */
  pids(): readonly number[];
  /** None: its start has nothing to tell. */
  readonly notes: readonly string[];
  /** IP address and port that it serves. */
  readonly address: string;
  readonly port: number;
  readonly agent: NodeAgent;
  /** Resolves with its end, whoever ended it; never rejects. */
  readonly exited: Promise<TargetExit>;
  /** SIGTERM, and SIGKILL after `graceMs`, 3 seconds by default. Also after its end. */
  stop(
    graceMs?: Milliseconds,
  ): Promise<{ readonly exit: TargetExit; readonly counters: Readonly<Record<string, number>> | null }>;
}

/**
 * Starts the tracker and waits for its ready message, up to 5 seconds.
 *
 * @throws LabError `TRACKER_NOT_READY` (with its exit code and last output) or `PORT_IN_USE`, exit code 12; nothing is
 * left running then. `NOT_BUILT` where dist/ is missing.
 */
export async function startOwnTracker(options: OwnTrackerOptions): Promise<OwnTracker> {
  const args = options.args ?? [];
  const entry = options.entry ?? builtEntry('tracker/main.js');
  const launch = agentLaunch({ socketPath: null, liveHeap: options.liveHeap, stopWithLab: true });
  const port = args.some((arg) => arg === '--port' || arg.startsWith('--port=')) ? [] : ['--port', '0'];
  const running = launchProcess({
    file: options.node ?? process.execPath,
    args: [...(options.nodeArgs ?? []), ...launch.nodeArguments, entry, ...args, ...port],
    environment: launch.environment,
    ipc: true,
    cpus: options.cpus,
  });
  const agent = connectAgent(running.child);
  const { pid } = running.child;
  const tree = pid === undefined ? null : new ProcessTree({ pid, marker: null, ownSession: true });
  const { watchdog } = running;
  const group = pid === undefined || tree === null ? null : new ProcessGroup({ leader: pid, tree, watchdog });
  const end = async (graceMs: Milliseconds): Promise<TargetExit> => {
    running.expectEnd();
    await group?.stop(graceMs);
    return running.exited;
  };
  let counters: Readonly<Record<string, number>> | null = null;
  onTrackerMessage(running.child, (message) => {
    if (message.type === 'tracker-stopped') counters = message.counters;
    if (message.type === 'tracker-worker-lost') options.onLoss?.(describeLoss(message));
  });
  try {
    const ready = await readyMessage(running, entry, options.abort);
    const { nodeVersion } = await agent.ready;
    return {
      record: describe(running, ready, nodeVersion),
      pid: running.child.pid as number,
      pids: () => tree?.alive() ?? [],
      notes: [],
      address: servedAddress(ready.host),
      port: ready.port,
      agent,
      exited: running.exited,
      async stop(graceMs = STOP_GRACE_MS) {
        const exit = await end(graceMs);
        return { exit, counters };
      },
    };
  } catch (error) {
    await end(0);
    throw error;
  }
}

const trackerMessageTypes: ReadonlySet<string> = new Set<TrackerMessage['type']>([
  'tracker-ready',
  'tracker-worker-lost',
  'tracker-stopped',
]);

function describeLoss({ worker, reason, swarms, peers }: TrackerWorkerLost): string {
  return `Worker ${worker} of the tracker ended (${reason}) and was replaced; its ${swarms} swarms with ${peers} peers were lost.`;
}

function onTrackerMessage(child: ChildProcess, listener: (message: TrackerMessage) => void): void {
  child.on('message', (message: unknown) => {
    const type = (message as { type?: unknown } | null)?.type;
    if (typeof type === 'string' && trackerMessageTypes.has(type)) listener(message as TrackerMessage);
  });
}

async function readyMessage(
  running: LaunchedProcess,
  entry: string,
  abort: AbortSignal | undefined,
): Promise<TrackerReady> {
  // By its file: an installed package has no npm script.
  const hint = `node ${entry} --port 0 runs it alone and shows its whole output`;
  let giveUp: ((reason: unknown) => void) | undefined;
  const onAbort = () => giveUp?.(abort?.reason);
  const timer = setTimeout(() => {
    giveUp?.(trackerNotReady(`no ready message within ${READY_TIMEOUT_MS} ms`, running.stderr(), hint));
  }, READY_TIMEOUT_MS);
  try {
    return await new Promise<TrackerReady>((resolve, reject) => {
      giveUp = reject;
      if (abort?.aborted) onAbort();
      abort?.addEventListener('abort', onAbort, { once: true });
      onTrackerMessage(running.child, (message) => message.type === 'tracker-ready' && resolve(message));
      void running.exited.then((exit) => {
        reject(
          exit.cause === 'port in use'
            ? portInUse(exit)
            : trackerNotReady(describeEarlyExit(exit), exit.lastStderr, hint),
        );
      });
    });
  } finally {
    clearTimeout(timer);
    abort?.removeEventListener('abort', onAbort);
  }
}

function portInUse({ lastStderr }: TargetExit): LabError {
  const line =
    lastStderr.split('\n').find((text) => /EADDRINUSE|in use|PORT_IN_USE/i.test(text)) ?? lastStderr;
  return new LabError({
    code: 'PORT_IN_USE',
    message: `the tracker cannot have its port: "${line.trim().slice(0, 300)}"`,
    hint: 'stop the process that holds it (ss -lunp shows it), or pass --port 0',
    exitCode: ExitCode.trackerFailed,
  });
}

function describe(running: LaunchedProcess, ready: TrackerReady, nodeVersion: string): TargetRecord {
  return {
    kind: 'own',
    name: ready.name,
    version: ready.version,
    runtime: `Node.js ${nodeVersion}`,
    address: `udp://${hostPort(servedAddress(ready.host), ready.port)}`,
    network: isLoopback(servedAddress(ready.host)) ? 'local' : 'remote',
    pid: running.child.pid ?? null,
    command: [...running.command],
    receiveBuffer: { ...ready.receiveBuffer },
    socketKind: ready.socketKind,
    workers: ready.workers,
  };
}

/** Where a tracker on this machine is reached: one that serves all addresses serves loopback. */
function servedAddress(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
