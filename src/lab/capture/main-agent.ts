import { performance } from 'node:perf_hooks';
import { packageRoot } from '../../package-root.ts';
import {
  type AgentReply,
  type AgentRequest,
  type AgentSettings,
  unwrapAgentRequest,
  wrapAgentMessage,
} from './agent-protocol.ts';
import { FrameLocator } from './frame-locator.ts';
import { holdProgramMessages } from './held-messages.ts';
import { LoopDelayProbe } from './loop-delay.ts';
import { programRoot } from './program-root.ts';
import { ThreadProfilers } from './thread-profilers.ts';
import { addReadings, ThreadReader } from './thread-reading.ts';
import { WorkerThreads } from './worker-threads.ts';
import { writeProfiles } from './write-profiles.ts';

const ORPHAN_CHECK_INTERVAL_MS = 100;
/** After SIGTERM the program has this long to end by itself. */
const DISCONNECT_GRACE_MS = 3000;

/** Runs in the main thread of the profiled program: does what the lab says over the IPC channel. */
export function runMainAgent(settings: AgentSettings): void {
  const profilers = new ThreadProfilers('main');
  const workers = new WorkerThreads();
  const sampler = new MainSampler(workers);

  const hold = holdProgramMessages();

  process.on('message', function onLabMessage(message: unknown) {
    const request = unwrapAgentRequest(message);
    // A failure here must not end the program as an unhandled rejection would.
    if (request) obey(request).catch((error: unknown) => replyFailure(request, error));
    else hold(message);
  });
  releaseChannel();
  if (settings.stopWithLab) endWithLab(settings.labPid);

  const missing = settings.liveHeap ? profilers.start({ liveHeap: settings.liveHeap }) : [];
  reply({
    type: 'ready',
    nodeVersion: process.version,
    pid: process.pid,
    running: profilers.runningKinds(),
    missing,
  });

  async function obey(request: AgentRequest): Promise<void> {
    if (request.type === 'start-sampling') sampler.start(request.intervalMs);
    else if (request.type === 'stop-sampling') sampler.stop();
    else if (request.type === 'probe-profilers') {
      reply({ type: 'profilers-probed', id: request.id, missing: profilers.probe() });
    } else if (request.type === 'start-profiles') {
      // Workers first: an unprofiled worker's CPU time is booked on the main thread.
      const { answers } = await workers.startProfiles(request.request);
      const failures = [...answers.flatMap((answer) => answer.missing), ...profilers.start(request.request)];
      reply({ type: 'profiles-started', id: request.id, missing: failures });
    } else {
      const root = programRoot(process.argv[1]);
      const main = await profilers.stop(new FrameLocator({ program: root, agent: packageRoot }));
      const { answers, silent } = await workers.stopProfiles(root);
      const written = await writeProfiles({
        directory: request.directory,
        phase: request.phase,
        profiles: [...main.profiles, ...answers.flatMap((answer) => answer.profiles)],
        silent,
      });
      const failures = [...main.missing, ...answers.flatMap((answer) => answer.missing), ...written.missing];
      reply({ type: 'profiles-stopped', id: request.id, files: written.files, missing: failures });
    }
  }
}

/** Sends a row of the runtime's own figures at an interval. */
class MainSampler {
  readonly #workers: WorkerThreads;
  /** Made once: its counters stay cumulative where sampling is stopped and started again. */
  #reader: ThreadReader | undefined;
  #stop: (() => void) | undefined;

  constructor(workers: WorkerThreads) {
    this.#workers = workers;
  }

  start(intervalMs: number): void {
    this.stop();
    this.#reader ??= new ThreadReader();
    const reader = this.#reader;
    const probe = new LoopDelayProbe();
    let utilization = performance.eventLoopUtilization();
    const sendRow = () => {
      const before = utilization;
      utilization = performance.eventLoopUtilization();
      reply({
        type: 'row',
        row: {
          kind: 'runtime',
          ...addReadings([reader.read(), ...this.#workers.readings()]),
          ...probe.read(),
          eventLoopUtilization: performance.eventLoopUtilization(utilization, before).utilization,
        },
      });
    };
    const timer = setInterval(sendRow, intervalMs).unref();
    this.#workers.startSampling(intervalMs);
    this.#stop = () => {
      clearInterval(timer);
      probe.stop();
      this.#workers.stopSampling();
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

function replyFailure(request: AgentRequest, error: unknown): void {
  const reason = `the preload failed: ${error instanceof Error ? error.message : String(error)}`;
  if ('id' in request) reply({ type: 'failed', id: request.id, reason });
}

function reply(message: AgentReply): void {
  // The lab may be gone by now; what to do then is the disconnect handler's matter.
  if (process.connected) process.send?.(wrapAgentMessage(message), undefined, {}, ignoreSendError);
}

function ignoreSendError(): void {}

/**
 * Gives back the hold on the event loop that a listener of `message` or `disconnect` takes, and leaves the program's
 * own holds alone; `channel.unref()` would override those.
 */
function releaseChannel(): void {
  (process.channel as unknown as { unrefCounted?: () => void } | undefined)?.unrefCounted?.();
}

/**
 * Ends the program once the channel is closed and the lab is no longer its parent. Both are asked: a program may close
 * the channel itself, and a dying lab closes its files some moments before its children get another parent.
 */
function endWithLab(labPid: number): void {
  process.once('disconnect', function onDisconnect() {
    const timer = setInterval(function endOrphan() {
      if (process.ppid === labPid) return;
      clearInterval(timer);
      endProgram();
    }, ORPHAN_CHECK_INTERVAL_MS).unref();
  });
  releaseChannel();
}

function endProgram(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), DISCONNECT_GRACE_MS).unref();
}
