/** Entry of a load thread: opens its sockets, drives a {@link LoadEngine} by timers and messages, and reports. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LabError } from '../../errors.ts';
import type { PhaseName } from '../../run.ts';
import type { Nanoseconds, Share } from '../../units.ts';
import { PEER_BYTES_IPV4, PEER_BYTES_IPV6 } from '../../wire/bep15.ts';
import { SocketWait } from '../../wire/socket-wait.ts';
import type { ReceivedBatch, UdpSocket } from '../../wire/udp-socket.ts';
import { ClientFleet, CONNECTION_ID_LIFE_NS } from './client-fleet.ts';
import { isWorthWaiting, pace } from './kernel-pacing.ts';
import { LoadEngine } from './load-engine.ts';
import { Metronome } from './metronome.ts';
import { monotonicNs } from './monotonic-clock.ts';
import { Grid, Ramp, rampMs } from './pacer.ts';
import { SeededRandom } from './seeded-random.ts';
import { planSession } from './session-plan.ts';
import { poolBytes, SwarmModel, workerIdentity } from './swarm-model.ts';
import { clientsOf } from './thread-clients.ts';
import { readThreadCpuNs } from './thread-cpu.ts';
import type { FromThread, PhaseSoFar, ThreadPhase, ThreadSetup, ToThread } from './thread-messages.ts';
import { preferThisThread } from './thread-priority.ts';
import { memberOfSocket, openThreadSockets, readSocketDrops } from './thread-sockets.ts';
import { TransactionTable } from './transaction-table.ts';

/** How often time-outs are looked for: a request times out at most this long after its time. */
const EXPIRY_TICK_MS = 5;
/** Twice the metronome's shortest period: a tick that is later than this is not waited for. */
const LATE_NS = 500_000;
/** How often clients are started while the ramp lasts. */
const RAMP_TICK_MS = 2;

/** Apart from the streams of the clients' identities and memberships, which count up from 0. */
const FIRST_STEP_STREAM = 0x5eed0001;
const FIRST_ID_STREAM = 0x5eed0002;

function buildFleet({ scenario, infoHashes }: ThreadSetup, clients: readonly number[]): ClientFleet {
  const plan = planSession(scenario.mix, scenario.hashesPerWorker);
  const swarms = new SwarmModel(scenario);
  return new ClientFleet({
    plan,
    numWant: scenario.numWant,
    pool: poolBytes(scenario.seed, scenario.swarmHashes, infoHashes),
    memberships: clients.map((client) => swarms.hashesOf(client)),
    identities: clients.map((client) => workerIdentity(scenario.seed, client)),
    firstSteps: clients.map((client) =>
      new SeededRandom(scenario.seed, FIRST_STEP_STREAM + 2 * client).nextBelow(plan.steps),
    ),
    firstIdAgesNs: clients.map((client) => CONNECTION_ID_LIFE_NS * evenShare(client)),
    openLoop: scenario.ratePerSecond > 0,
  });
}

/** Fractions from 0 to 1 that lie evenly for any number of clients, the first few included: multiples of the golden ratio. */
function evenShare(client: number): Share {
  return (client * 0.618033988749895 + 0.5) % 1;
}

/** What is read at both ends of a phase. */
interface Mark {
  readonly atNs: Nanoseconds;
  readonly cpuNs: Nanoseconds | null;
  readonly drops: number | null;
}

class LoadThread {
  readonly #setup: ThreadSetup;
  readonly #port: MessagePort;
  readonly #clients: number;
  readonly #sockets: UdpSocket[];
  readonly #engine: LoadEngine;
  /** null: the sockets cannot be waited for. */
  readonly #wait: SocketWait | null;
  readonly #marks: { readonly phase: PhaseName; readonly start: Mark; end: Mark | undefined }[] = [];
  #expiryTimer: NodeJS.Timeout | undefined;
  #rampTimer: NodeJS.Timeout | undefined;
  #metronome: Metronome | undefined;
  #grid: Grid | undefined;
  /** A turn that sends what is still due is on its way. */
  #isCatchingUp = false;
  #stopping = false;
  #finished = false;

  private constructor(
    setup: ThreadSetup,
    port: MessagePort,
    sockets: UdpSocket[],
    engine: LoadEngine,
    wait: SocketWait | null,
  ) {
    this.#setup = setup;
    this.#port = port;
    this.#clients = clientsOf(setup.scenario, setup.thread).length;
    this.#sockets = sockets;
    this.#engine = engine;
    this.#wait = wait;
  }

  static async open(setup: ThreadSetup, port: MessagePort): Promise<LoadThread> {
    const { scenario, thread, target, otherTargets = [] } = setup;
    const targets = [target, ...otherTargets];
    const clients = clientsOf(scenario, thread);
    let engine: LoadEngine | undefined;
    let loadThread: LoadThread | undefined;
    const sockets = await openThreadSockets({
      thread,
      clients: clients.length,
      targets,
      onBatch: function receiveReplies(batch: ReceivedBatch): void {
        engine?.receive(batch);
        loadThread?.onReplies();
      },
    });
    engine = new LoadEngine({
      fleet: buildFleet(setup, clients),
      table: new TransactionTable(new SeededRandom(scenario.seed, FIRST_ID_STREAM + 2 * thread).nextUint32()),
      sockets,
      clients: clients.length,
      peerBytes: target.family === 4 ? PEER_BYTES_IPV4 : PEER_BYTES_IPV6,
      timeoutMs: scenario.timeoutMs,
      openLoop: scenario.ratePerSecond > 0,
      now: monotonicNs,
      sliceShiftNs: setup.sliceShiftNs,
      ...(targets.length === 1
        ? {}
        : {
            members: {
              count: targets.length,
              ofSocket: (socket: number) => memberOfSocket({ socket, thread, members: targets.length }),
            },
          }),
    });
    const wait = scenario.ratePerSecond > 0 ? await SocketWait.open(sockets) : null;
    const opened = new LoadThread(setup, port, sockets, engine, wait);
    loadThread = opened;
    port.on('message', (message: ToThread) => opened.#onMessage(message));
    return opened;
  }

  #tell(message: FromThread): void {
    this.#port.postMessage(message);
  }

  #onMessage(message: ToThread): void {
    if (this.#finished) return;
    switch (message.type) {
      case 'phase':
        this.#beginPhase(message.phase, message.atNs);
        break;
      case 'snapshot':
        this.#tell({ type: 'snapshot', number: message.number, interval: this.#engine.takeInterval() });
        break;
      case 'tell-phases':
        this.#tell({ type: 'phases', phases: this.#phasesSoFar() });
        break;
      case 'stop':
        this.#stop();
        break;
      case 'abort':
        this.#stop();
        this.#engine.abandon();
        this.#finish();
        break;
    }
  }

  #mark(): Mark {
    const drops = readSocketDrops(this.#sockets, this.#setup.target.family);
    return { atNs: monotonicNs(), cpuNs: readThreadCpuNs(), drops };
  }

  #beginPhase(phase: PhaseName, atNs: Nanoseconds): void {
    this.#endPhase(atNs);
    this.#marks.push({ phase, start: this.#mark(), end: undefined });
    this.#engine.beginPhase(phase);
    if (this.#marks.length === 1) this.#startLoad(atNs);
  }

  #endPhase(endNs: Nanoseconds): void {
    const current = this.#marks.at(-1);
    if (current === undefined || current.end !== undefined) return;
    if (this.#grid !== undefined) this.#engine.settleDue(this.#grid, endNs);
    current.end = this.#mark();
  }

  #startLoad(atNs: Nanoseconds): void {
    const onExpiryTick = (): void => this.#onExpiryTick();
    this.#expiryTimer = setInterval(onExpiryTick, EXPIRY_TICK_MS);
    const { scenario, thread } = this.#setup;
    if (scenario.ratePerSecond > 0) {
      const { ratePerSecond, loadThreads: threads } = scenario;
      const grid = new Grid({ ratePerSecond, threads, thread, startNs: atNs });
      this.#grid = grid;
      if (this.#wait !== null && isWorthWaiting(grid)) {
        pace({
          grid,
          wait: this.#wait,
          sockets: this.#sockets,
          sendDue: () => this.#engine.sendDue(grid),
          isOver: () => this.#stopping,
        });
        return;
      }
      this.#metronome = new Metronome(grid.nextNs, grid.stepNs, () => this.#sendDue(grid));
      this.#sendDue(grid);
      return;
    }
    // Threads begin their clients at the same time, each its own share.
    const ramp = new Ramp(this.#clients, atNs, rampMs(scenario.concurrency, scenario.warmupMs) * 1e6);
    const onRampTick = (): void => this.#onRampTick(ramp);
    this.#rampTimer = setInterval(onRampTick, RAMP_TICK_MS);
    this.#onRampTick(ramp);
  }

  #onRampTick(ramp: Ramp): void {
    const nowNs = monotonicNs();
    for (let client = ramp.nextDue(nowNs); client >= 0; client = ramp.nextDue(nowNs)) {
      this.#engine.startClient(client);
    }
    if (ramp.done) clearInterval(this.#rampTimer);
  }

  /**
   * A thread that is behind takes one turn after another, and never more than one in a turn of the event loop: each tick of
   * the metronome that began turns of its own would leave replies and messages no room.
   */
  #sendDue(grid: Grid): void {
    if (!this.#isCatchingUp) this.#catchUp(grid);
  }

  /**
   * Open loop: sends what the metronome should have had sent by now. On a core that this thread keeps busy, the kernel
   * lets the metronome's thread run some milliseconds late.
   */
  onReplies(): void {
    const grid = this.#grid;
    if (grid === undefined || this.#stopping || monotonicNs() - grid.nextNs < LATE_NS) return;
    this.#sendDue(grid);
  }

  #catchUp(grid: Grid): void {
    this.#isCatchingUp = this.#engine.sendDue(grid);
    if (this.#isCatchingUp) setImmediate(() => this.#catchUp(grid));
  }

  #onExpiryTick(): void {
    this.#engine.expire();
    if (this.#stopping && this.#engine.pending === 0) this.#finish();
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#endPhase(monotonicNs());
    this.#engine.stopSending();
    clearInterval(this.#rampTimer);
    this.#metronome?.stop();
    if (this.#engine.pending === 0) this.#finish();
  }

  #phasesSoFar(): PhaseSoFar[] {
    return this.#marks.flatMap(({ phase, start, end }) => {
      const tally = end === undefined ? undefined : this.#engine.copyOf(phase);
      return tally === undefined ? [] : [{ phase, tally, ...betweenMarks(start, end) }];
    });
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    clearInterval(this.#expiryTimer);
    const { phases, histograms, latencySlices, members } = this.#engine.report();
    const threadPhases = phases.map(({ phase, tally }): ThreadPhase => {
      const marks = this.#marks.find((mark) => mark.phase === phase);
      return { phase, tally, ...betweenMarks(marks?.start, marks?.end) };
    });
    this.#tell({ type: 'finished', report: { phases: threadPhases, histograms, latencySlices, members } });
    for (const socket of this.#sockets) void socket.close();
    this.#port.close();
  }
}

function betweenMarks(
  start: Mark | undefined,
  end: Mark | undefined,
): { cpuShare: number | null; socketDrops: number | null } {
  if (start === undefined || end === undefined) return { cpuShare: null, socketDrops: null };
  const elapsedNs = end.atNs - start.atNs;
  const isCpuKnown = start.cpuNs !== null && end.cpuNs !== null && elapsedNs > 0;
  const areDropsKnown = start.drops !== null && end.drops !== null;
  return {
    cpuShare: isCpuKnown ? ((end.cpuNs as number) - (start.cpuNs as number)) / elapsedNs : null,
    socketDrops: areDropsKnown ? (end.drops as number) - (start.drops as number) : null,
  };
}

async function main(port: MessagePort): Promise<void> {
  const setup = workerData as ThreadSetup;
  if (setup.ownCores) preferThisThread();
  try {
    await LoadThread.open(setup, port);
    port.postMessage({ type: 'ready' } satisfies FromThread);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const { code, message, hint } = error;
    port.postMessage({ type: 'refused', code, message, hint } satisfies FromThread);
    port.close();
  }
}

if (parentPort !== null) await main(parentPort);
