import { performance } from 'node:perf_hooks';
import { packageRoot } from '../../package-root.ts';
import type { AgentLink } from './agent-link.ts';
import type { AgentReply, AgentRequest, AgentSettings } from './agent-protocol.ts';
import { FrameLocator } from './frame-locator.ts';
import { LoopDelayProbe } from './loop-delay.ts';
import { programRoot } from './program-root.ts';
import { ThreadProfilers } from './thread-profilers.ts';
import { addReadings, ThreadReader } from './thread-reading.ts';
import { WorkerThreads } from './worker-threads.ts';
import { writeProfiles } from './write-profiles.ts';

const ORPHAN_CHECK_INTERVAL_MS = 100;
/** After SIGTERM the program has this long to end by itself. */
const DISCONNECT_GRACE_MS = 3000;

/** Runs in the main thread of a program that may be the profiled one: does what the lab says over the link. */
export function runMainAgent(settings: AgentSettings, link: AgentLink): void {
  const profilers = new ThreadProfilers('main');
  const workers = new WorkerThreads();
  const reply = (message: AgentReply) => link.send(message);
  const sampler = new MainSampler(workers, reply);

  link.listen({
    onRequest(request) {
      // A failure here must not end the program as an unhandled rejection would.
      obey(request).catch((error: unknown) => replyFailure(request, error));
    },
    onClose() {
      if (settings.socketPath !== null) retire();
      if (settings.stopWithLab) endWithLab(settings);
    },
  });

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

  /** Of a process that is not the tracker, nothing is wanted. */
  function retire(): void {
    sampler.stop();
    const locator = new FrameLocator({ program: programRoot(process.argv[1]), agent: packageRoot });
    void profilers.stop(locator);
  }

  function replyFailure(request: AgentRequest, error: unknown): void {
    const reason = `the preload failed: ${error instanceof Error ? error.message : String(error)}`;
    if ('id' in request) reply({ type: 'failed', id: request.id, reason });
  }
}

/** Sends a row of the runtime's own figures at an interval. */
class MainSampler {
  readonly #workers: WorkerThreads;
  readonly #reply: (message: AgentReply) => void;
  /** Made once: its counters stay cumulative where sampling is stopped and started again. */
  #reader: ThreadReader | undefined;
  #stop: (() => void) | undefined;

  constructor(workers: WorkerThreads, reply: (message: AgentReply) => void) {
    this.#workers = workers;
    this.#reply = reply;
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
      this.#reply({
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

/**
 * Ends the program once the link is closed and the lab is gone. Both are asked: a program may close an IPC channel itself,
 * and a dying lab closes its files some moments before its children get another parent.
 */
function endWithLab({ labPid, socketPath }: AgentSettings): void {
  const timer = setInterval(function endOrphan() {
    if (socketPath === null ? process.ppid === labPid : isAlive(labPid)) return;
    clearInterval(timer);
    endProgram();
  }, ORPHAN_CHECK_INTERVAL_MS).unref();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function endProgram(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), DISCONNECT_GRACE_MS).unref();
}
