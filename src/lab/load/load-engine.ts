/**
 * The request loop of one load thread: clients ask, replies are matched and counted, and what stays unanswered times
 * out. It owns no timer and opens no socket: its caller hands in batches and the clock.
 *
 * Closed loop: each client's next request goes out with the reply to the one before. Open loop: requests go out on a
 * {@link Grid}, clients taken in turn, whatever is still unanswered.
 */
import { type PhaseName, phaseNames } from '../../run.ts';
import type { Milliseconds, Nanoseconds } from '../../units.ts';
import { Action, ERROR_HEAD_BYTES, ResponseOffset, readInt32 } from '../../wire/bep15.ts';
import type { ReceivedBatch, UdpSocket } from '../../wire/udp-socket.ts';
import type { ClientFleet } from './client-fleet.ts';
import { type IntervalReport, IntervalTally } from './interval-tally.ts';
import { LatencySlices, type SliceCounts } from './latency-slices.ts';
import { MemberTallies } from './member-tallies.ts';
import type { Grid } from './pacer.ts';
import {
  type EncodedHistogram,
  Outcome,
  PhaseTally,
  phaseIndex,
  type TallyCopy,
  type TallyReport,
} from './phase-tally.ts';
import { RefusedSends } from './refused-sends.ts';
import {
  checkResponse,
  countPeers,
  ResponseKind,
  type ResponseShape,
  readErrorText,
} from './request-codec.ts';
import type { ThreadMember } from './thread-messages.ts';
import { Stray, type TransactionTable } from './transaction-table.ts';

/** Requests sent in one turn of the event loop in open loop; then replies have their turn. */
const MOST_SENDS_PER_TURN = 256;
/** Trackers name the connection id in the error for one that they do not accept. */
const REFUSED_ID = /connection/i;

export interface EngineOptions {
  readonly fleet: ClientFleet;
  readonly table: TransactionTable;
  /** Client `n` speaks through socket `n % sockets.length`: a connection id belongs to its source address. */
  readonly sockets: readonly UdpSocket[];
  readonly clients: number;
  readonly peerBytes: number;
  readonly timeoutMs: Milliseconds;
  readonly openLoop: boolean;
  /** Where the sockets lead to several trackers: which is whose. Absent: to one. */
  readonly members?: { readonly count: number; readonly ofSocket: (socket: number) => number };
  /** Monotonic. */
  readonly now: () => Nanoseconds;
  /** From that clock to the one by which slices of time are counted. Default: 0, the same. */
  readonly sliceShiftNs?: Nanoseconds;
}

export interface PhaseReport {
  readonly phase: PhaseName;
  readonly tally: TallyReport;
}

export class LoadEngine {
  readonly #fleet: ClientFleet;
  readonly #table: TransactionTable;
  readonly #sockets: readonly UdpSocket[];
  readonly #clients: number;
  readonly #shape: ResponseShape;
  readonly #timeoutNs: Nanoseconds;
  readonly #openLoop: boolean;
  readonly #now: () => Nanoseconds;
  readonly #tallies: (PhaseTally | undefined)[] = phaseNames.map(() => undefined);
  readonly #interval = new IntervalTally();
  readonly #refusals: RefusedSends;
  readonly #sliceShiftNs: Nanoseconds;
  /** What each of several trackers did; null where there is one. */
  readonly #members: MemberTallies | null;
  /** On in the profiled phase, whose profiles have times. */
  #slices: LatencySlices | undefined;
  #phase = 0;
  /** The tally of the current phase. */
  #tally: PhaseTally | undefined;
  #nextClient = 0;
  #sending = true;

  constructor(options: EngineOptions) {
    this.#fleet = options.fleet;
    this.#table = options.table;
    this.#sockets = options.sockets;
    this.#clients = options.clients;
    this.#shape = { peerBytes: options.peerBytes, scrapedHashes: options.fleet.scrapedHashes };
    this.#timeoutNs = options.timeoutMs * 1e6;
    this.#openLoop = options.openLoop;
    this.#now = options.now;
    this.#sliceShiftNs = options.sliceShiftNs ?? 0;
    this.#refusals = new RefusedSends(options.sockets);
    this.#members = options.members === undefined ? null : new MemberTallies(options.members, options);
  }

  /** Requests in flight. */
  get pending(): number {
    return this.#table.pending;
  }

  /** Requests sent from now on count for `phase`. Must be called before the first request. */
  beginPhase(phase: PhaseName): void {
    this.#phase = phaseIndex(phase);
    this.#tallies[this.#phase] ??= new PhaseTally(this.#openLoop);
    this.#tally = this.#tallies[this.#phase];
    if (phase === 'profiled') this.#slices ??= new LatencySlices(this.#sliceShiftNs);
  }

  /** Sends nothing from now on; replies are still taken. */
  stopSending(): void {
    this.#sending = false;
  }

  /** Closed loop: the client's first request; those that follow go out by themselves. */
  startClient(client: number): void {
    const nowNs = this.#now();
    const firstId = this.#table.nextId;
    this.#send(client, nowNs);
    this.#finishSends(firstId);
    this.#flushAll();
  }

  /**
   * Open loop: sends what the grid has due. What could not be sent within the time-out of its intended send is given up, so
   * that what a thread owes is bounded by the rate, however far that is above what it can send.
   *
   * @returns whether more is due than one turn sends
   */
  sendDue(grid: Grid): boolean {
    const nowNs = this.#now();
    if (this.#sending) this.#giveUpUntil(grid, nowNs - this.#timeoutNs);
    const table = this.#table;
    const firstId = table.nextId;
    const due = this.#sending ? Math.min(grid.countDue(nowNs), MOST_SENDS_PER_TURN) : 0;
    for (let sent = 0; sent < due; sent++) {
      this.#send(this.#nextClient, nowNs);
      grid.takeInto(table.dueNs, table.slotOf(table.nextId - 1));
      this.#nextClient = this.#nextClient + 1 === this.#clients ? 0 : this.#nextClient + 1;
    }
    this.#finishSends(firstId);
    this.#flushAll();
    return this.#sending && grid.nextNs <= nowNs;
  }

  /**
   * Open loop: the phase ends. Sends one more turn of what is due and gives the rest up, so that no phase begins with what
   * the one before it owed, and what was asked for is what was sent and what was not.
   */
  settleDue(grid: Grid, endNs: Nanoseconds): void {
    if (this.#sending && this.sendDue(grid)) this.#giveUpUntil(grid, endNs);
  }

  /** Takes a batch of replies. The socket flushes what is sent in return. */
  receive(batch: ReceivedBatch): void {
    // Nothing was asked yet, so this is no reply.
    if (this.#tally === undefined) return;
    const nowNs = this.#now();
    const firstId = this.#table.nextId;
    // First, so that a reply that is too late by the clock is late, whenever the scan would have come.
    const hasExpired = this.#expire(nowNs);
    for (let index = 0; index < batch.count; index++) {
      this.#takeReply(batch.bytes, batch.offset(index), batch.length(index), nowNs);
    }
    this.#finishSends(firstId);
    if (hasExpired) this.#flushAll();
  }

  /** Resolves what has waited too long; in closed loop those clients go on. Called every few milliseconds. */
  expire(): void {
    const firstId = this.#table.nextId;
    if (!this.#expire(this.#now())) return;
    this.#finishSends(firstId);
    this.#flushAll();
  }

  /** Resolves everything in flight as unresolved: the run was cut short. */
  abandon(): void {
    const table = this.#table;
    for (let slot = table.nextExpired(Infinity); slot >= 0; slot = table.nextExpired(Infinity)) {
      const outcome = this.#refusals.charge(table.worker[slot] as number)
        ? Outcome.sendFailed
        : Outcome.unresolved;
      this.#tallyAt(slot).countOutcome(table.operation[slot] as number, outcome);
      this.#memberTally(slot)?.countOutcome(table.operation[slot] as number, outcome);
    }
  }

  takeInterval(): IntervalReport {
    return this.#interval.takeReport();
  }

  /** What has been counted for a phase so far; undefined where it has not begun. */
  copyOf(phase: PhaseName): TallyCopy | undefined {
    return this.#tallies[phaseIndex(phase)]?.copy();
  }

  /** Every phase that began, in order. */
  report(): {
    readonly phases: PhaseReport[];
    readonly histograms: EncodedHistogram[];
    readonly latencySlices: SliceCounts[];
    readonly members: ThreadMember[];
  } {
    const phases: PhaseReport[] = [];
    const histograms: EncodedHistogram[] = [];
    for (const phase of phaseNames) {
      const tally = this.#tallies[phaseIndex(phase)];
      if (tally === undefined) continue;
      phases.push({ phase, tally: tally.report() });
      histograms.push(...tally.histograms(phase));
    }
    return {
      phases,
      histograms,
      latencySlices: this.#slices?.report() ?? [],
      members: this.#members?.report() ?? [],
    };
  }

  /** Due now, unless the caller knows better. */
  #send(client: number, nowNs: Nanoseconds): void {
    const action = this.#fleet.nextAction(client, nowNs);
    const id = this.#table.add(client, action, this.#phase, nowNs);
    const socket = this.#sockets[client % this.#sockets.length] as UdpSocket;
    const at = socket.slot();
    const length = this.#fleet.write(client, action, id, socket.sendBytes, at);
    socket.send(at, length);
    const tally = this.#tally as PhaseTally;
    tally.countSent(action, length);
    this.#members?.of(this.#phase, client).countSent(action, length);
    this.#interval.sent++;
    if (this.#fleet.sent(client, action)) tally.retries++;
  }

  /** Stamps the requests from `firstId` on as sent now: they are handed to the kernel next. */
  #finishSends(firstId: number): void {
    const table = this.#table;
    if (table.nextId === firstId) return;
    const nowNs = this.#now();
    table.stampSent(firstId, nowNs);
    const tally = this.#tally as PhaseTally;
    if (this.#openLoop) {
      for (let id = firstId; id !== table.nextId; id = (id + 1) | 0) {
        tally.recordLag(nowNs - (table.dueNs[table.slotOf(id)] as number), 1);
      }
      return;
    }
    // In closed loop all requests of one turn became due together, when its replies were read.
    const dueNs = table.dueNs[table.slotOf(firstId)] as number;
    tally.recordLag(nowNs - dueNs, (table.nextId - firstId) >>> 0);
  }

  /**
   * Takes the grid's points up to `limitNs` without a request. Each counts, and its response time is at least the time-out:
   * a percentile that left out what was never sent would be the better the less is sent.
   */
  #giveUpUntil(grid: Grid, limitNs: Nanoseconds): void {
    const points = grid.takeUntil(limitNs);
    if (points === 0) return;
    const tally = this.#tally as PhaseTally;
    // A client that sends nothing keeps its next action, so that whole rounds of the clients are alike.
    const rounds = Math.floor(points / this.#clients);
    const rest = points % this.#clients;
    const nowNs = this.#now();
    for (let turn = 0; turn < Math.min(points, this.#clients); turn++) {
      const client = (this.#nextClient + turn) % this.#clients;
      const count = rounds + (turn < rest ? 1 : 0);
      tally.countNotSent(this.#fleet.nextAction(client, nowNs), this.#timeoutNs, count);
    }
    this.#nextClient = (this.#nextClient + rest) % this.#clients;
  }

  #flushAll(): void {
    for (const socket of this.#sockets) socket.flush();
  }

  #tallyAt(slot: number): PhaseTally {
    return this.#tallies[this.#table.phase[slot] as number] as PhaseTally;
  }

  /** Of the tracker that the request went to; undefined where there is one only. */
  #memberTally(slot: number): PhaseTally | undefined {
    const table = this.#table;
    return this.#members?.of(table.phase[slot] as number, table.worker[slot] as number);
  }

  #takeReply(bytes: Uint8Array, at: number, length: number, nowNs: Nanoseconds): void {
    const current = this.#tally as PhaseTally;
    if (length < ERROR_HEAD_BYTES) {
      current.receivedBytes += length;
      current.stray.malformed++;
      return;
    }
    const table = this.#table;
    const slot = table.take(readInt32(bytes, at + ResponseOffset.transactionId));
    if (slot < 0) {
      current.receivedBytes += length;
      if (slot === Stray.late) current.stray.late++;
      else if (slot === Stray.duplicate) current.stray.duplicate++;
      else current.stray.unknown++;
      return;
    }
    const client = table.worker[slot] as number;
    const action = table.operation[slot] as number;
    const sentNs = table.sentNs[slot] as number;
    const dueNs = table.dueNs[slot] as number;
    const tally = this.#tallyAt(slot);
    const member = this.#memberTally(slot);
    tally.receivedBytes += length;
    const kind = checkResponse(action, bytes, at, length, this.#shape);
    if (kind === ResponseKind.valid) {
      tally.countOutcome(action, Outcome.succeeded);
      member?.countOutcome(action, Outcome.succeeded);
      tally.recordLatency(action, nowNs - sentNs, nowNs - dueNs);
      member?.recordLatency(action, nowNs - sentNs, nowNs - dueNs);
      this.#interval.countOutcome(Outcome.succeeded);
      const fromNs = this.#openLoop ? dueNs : sentNs;
      this.#interval.recordReply(nowNs - fromNs);
      this.#slices?.countReply(fromNs, nowNs);
      if (action === Action.announce) tally.peersReceived += countPeers(length, this.#shape.peerBytes);
      else if (action === Action.connect) this.#keepId(client, bytes, at, sentNs);
    } else if (kind === ResponseKind.error) {
      const text = readErrorText(bytes, at, length);
      tally.countOutcome(action, Outcome.errorReplies);
      member?.countOutcome(action, Outcome.errorReplies);
      tally.countErrorText(text);
      this.#interval.countOutcome(Outcome.errorReplies);
      if (REFUSED_ID.test(text)) this.#fleet.forgetId(client);
    } else {
      tally.countOutcome(action, Outcome.malformedReplies);
      member?.countOutcome(action, Outcome.malformedReplies);
      this.#interval.countOutcome(Outcome.malformedReplies);
    }
    this.#fleet.answered(client, action);
    if (this.#sending && !this.#openLoop) this.#send(client, nowNs);
  }

  #keepId(client: number, bytes: Uint8Array, at: number, sentNs: Nanoseconds): void {
    const idAt = at + ResponseOffset.connectionId;
    this.#fleet.connected(client, readInt32(bytes, idAt), readInt32(bytes, idAt + 4), sentNs);
  }

  /** Returns whether anything expired. */
  #expire(nowNs: Nanoseconds): boolean {
    const table = this.#table;
    let hasExpired = false;
    for (
      let slot = table.nextExpired(nowNs - this.#timeoutNs);
      slot >= 0;
      slot = table.nextExpired(nowNs - this.#timeoutNs)
    ) {
      hasExpired = true;
      const client = table.worker[slot] as number;
      const action = table.operation[slot] as number;
      const tally = this.#tallyAt(slot);
      const member = this.#memberTally(slot);
      if (this.#refusals.charge(client)) {
        tally.countOutcome(action, Outcome.sendFailed);
        member?.countOutcome(action, Outcome.sendFailed);
        this.#interval.countOutcome(Outcome.sendFailed);
      } else {
        const [serviceNs, responseNs] = [
          nowNs - (table.sentNs[slot] as number),
          nowNs - (table.dueNs[slot] as number),
        ];
        tally.countOutcome(action, Outcome.timedOut);
        member?.countOutcome(action, Outcome.timedOut);
        tally.recordLatency(action, serviceNs, responseNs);
        member?.recordLatency(action, serviceNs, responseNs);
        this.#interval.countOutcome(Outcome.timedOut);
        this.#slices?.countTimeOut(table.sentNs[slot] as number, nowNs - (table.sentNs[slot] as number));
      }
      this.#fleet.timedOut(client, action);
      if (this.#sending && !this.#openLoop) this.#send(client, nowNs);
    }
    return hasExpired;
  }
}
