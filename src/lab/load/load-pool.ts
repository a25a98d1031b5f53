/**
 * The load as the run sees it: threads are started, phases begun, rows come once a second, and at the end there is one
 * result. It judges nothing.
 */
import { LabError } from '../../errors.ts';
import { builtEntry } from '../../package-root.ts';
import { type LoadRow, type PhaseLoad, type PhaseName, phaseNames, type Scenario } from '../../run.ts';
import type { Milliseconds, Nanoseconds, RunMilliseconds, Share } from '../../units.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import type { IntervalReport } from './interval-tally.ts';
import { mergeIntervals, type RowSpan } from './load-row.ts';
import { type MemberPhase, mergeThreads, type PhaseSpan } from './merge-threads.ts';
import { monotonicNs } from './monotonic-clock.ts';
import { type EncodedHistogram, PhaseTally } from './phase-tally.ts';
import { clientShareOf } from './thread-clients.ts';
import { ThreadHandle } from './thread-handle.ts';
import type { ThreadPhase, ThreadReport, ThreadTarget, ToThread } from './thread-messages.ts';

const ROW_MS = 1_000;
/** What a thread may take for its report beyond the time-out of its last request; then it counts as lost. */
const REPORT_GRACE_MS = 2_000;

export interface LoadOptions {
  readonly scenario: Scenario;
  /** The pool of info hashes, `scenario.swarmHashes` of 40 hexadecimal digits; null: it is made from the seed. */
  readonly infoHashes: readonly string[] | null;
  /** Address or name, and port, of the tracker. */
  readonly target: { readonly host: string; readonly port: number };
  /** The generator has cores that the target does not use; its threads go before others there. Default: false. */
  readonly ownCores?: boolean;
  /** Further trackers of the same address family: each client speaks to one of all, in turn. Default: none. */
  readonly otherTargets?: readonly { readonly host: string; readonly port: number }[];
  /** The run's clock. */
  readonly now: () => RunMilliseconds;
  /** Every 0.5 to 1.5 s and at the end of each phase; a row lies within one phase. */
  readonly onSecond: (row: LoadRow) => void;
  /** A part of the load is lost, a thread or an agent; the load of the others goes on, unless it was the last. */
  readonly onFailure?: (error: LabError, isLast: boolean) => void;
  /** Program of the load threads. Default: this package's own. */
  readonly threadEntry?: string;
  /** Numbers of the scenario's threads that this pool runs. Default: all of them. */
  readonly threads?: readonly number[];
  /** What the threads counted in the span of a row, before it is added up. */
  readonly onIntervals?: (span: RowSpan, intervals: readonly IntervalReport[]) => void;
  /** From this machine's monotonic clock to the one of the run's slices of time. Default: 0, the same. */
  readonly sliceShiftNs?: Nanoseconds;
}

/** The load of a run, wherever it is made. */
export interface Load {
  /** How long before its time a phase has to be told of; 0 where it begins at once. */
  readonly leadMs: Milliseconds;
  /** Requests count for `phase` from when it resolves; the first call starts the load. */
  beginPhase(phase: PhaseName): void | Promise<void>;
  /** Resolves when nothing more is sent; {@link Load.stop} has to follow. */
  endSending(): void | Promise<void>;
  /**
   * What was counted in the phases that are over, while the load goes on; null where it is over itself. Absent where the
   * counts are on other machines until the end.
   */
  phasesSoFar?(): Promise<LoadResult | null>;
  /** Sends nothing more and waits for the replies in flight; what is silent then has timed out. */
  stop(): Promise<LoadResult>;
  /** Ends at once, also during {@link Load.stop}. */
  abort(): Promise<LoadResult>;
}

/** Threads that ended without a report. What they counted is in no figure of the result. */
export interface LostThreads {
  readonly count: number;
  /** Share of the scenario's clients that they ran. */
  readonly clientShare: Share;
  /** One a thread. */
  readonly causes: readonly string[];
}

export interface LoadResult {
  readonly phases: readonly PhaseLoad[];
  /** HdrHistogram V2, compressed, base64: latency in ns of the requests that succeeded or timed out. */
  readonly histograms: readonly EncodedHistogram[];
  /** Latency of the profiled phase by slices of time, as `latency-slices.json` holds it; null: there is none. */
  readonly latencySlices: string | null;
  /** What each of several trackers did; none, or absent, where there is one. */
  readonly members?: readonly MemberPhase[];
  readonly lostThreads: LostThreads;
}

interface OpenRow {
  readonly span: RowSpan;
  readonly intervals: IntervalReport[];
  readonly waitingFor: Set<ThreadHandle>;
}

function plannedLengthMs(scenario: Scenario, phase: PhaseName): Milliseconds {
  if (phase === 'warm-up') return scenario.warmupMs;
  return phase === 'clean' ? scenario.durationMs : scenario.profileDurationMs;
}

/**
 * Starts the load threads and opens their sockets. Nothing is sent before {@link LoadPool.beginPhase}.
 *
 * @throws LabError where the target's name does not resolve or a socket cannot be had
 */
export async function startLoad(options: LoadOptions): Promise<LoadPool> {
  const places = [options.target, ...(options.otherTargets ?? [])];
  const targets = await Promise.all(
    places.map(async ({ host, port }): Promise<ThreadTarget> => {
      const { address, family } = await resolveEndpoint(host, port, 0);
      return { address, family, port };
    }),
  );
  const pool = new LoadPool(options, targets);
  await pool.ready();
  return pool;
}

export class LoadPool implements Load {
  readonly leadMs = 0;
  readonly #options: LoadOptions;
  readonly #threads: readonly ThreadHandle[];
  readonly #alive: Set<ThreadHandle>;
  readonly #lost = new Map<ThreadHandle, string>();
  readonly #spans: { phase: PhaseName; startMs: RunMilliseconds; endMs: RunMilliseconds | undefined }[] = [];
  readonly #openRows = new Map<number, OpenRow>();
  #rowNumber = 0;
  #rowStartMs: RunMilliseconds = 0;
  #rowTimer: NodeJS.Timeout | undefined;
  #result: Promise<LoadResult> | undefined;
  #giveUpTimer: NodeJS.Timeout | undefined;
  #reports: readonly ThreadReport[] = [];

  /** Use {@link startLoad}. */
  constructor(options: LoadOptions, targets: readonly ThreadTarget[]) {
    const [target, ...otherTargets] = targets as readonly [ThreadTarget, ...ThreadTarget[]];
    this.#options = options;
    const { scenario, infoHashes, ownCores = false } = options;
    const entry = options.threadEntry ?? builtEntry('lab/load/load-worker.js');
    this.#threads = Array.from(
      options.threads ?? { length: scenario.loadThreads },
      (given, index) =>
        new ThreadHandle({
          entry,
          setup: {
            scenario,
            infoHashes,
            ownCores,
            thread: given ?? index,
            sliceShiftNs: options.sliceShiftNs ?? 0,
            target,
            otherTargets,
          },
          onSnapshot: (handle, message) => this.#addInterval(handle, message.number, message.interval),
          onLost: (handle, cause) => this.#onLost(handle, cause),
        }),
    );
    this.#alive = new Set(this.#threads);
    for (const thread of this.#threads) void thread.finished.then(() => this.#alive.delete(thread));
  }

  /** Settles once all threads can send; on failure no thread is left. */
  async ready(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#threads.map((thread) => thread.ready));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    throw failed.reason;
  }

  /**
   * Requests sent from now on count for `phase`; the first call starts the load. The phase that is on already may be
   * named again, an earlier one may not.
   *
   * @param atNs - when it begins, by `monotonicNs`: requests of an open loop are due from then on. Default: now
   */
  beginPhase(phase: PhaseName, atNs: Nanoseconds = monotonicNs()): void {
    const current = this.#spans.at(-1);
    if (current?.phase === phase || this.#result !== undefined) return;
    if (current !== undefined && phaseNames.indexOf(phase) < phaseNames.indexOf(current.phase)) {
      throw new RangeError(`the phase ${phase} cannot follow ${current.phase}`);
    }
    this.#endPhase();
    const startMs = this.#options.now();
    this.#spans.push({ phase, startMs, endMs: undefined });
    this.#rowStartMs = startMs;
    this.#tellAll({ type: 'phase', phase, atNs });
    const onRowTimer = (): void => this.#onRowTimer();
    this.#rowTimer = setInterval(onRowTimer, ROW_MS);
  }

  /** Sending ends with {@link LoadPool.stop}. */
  endSending(): void {}

  /** What the threads reported; empty before the result is there. */
  get reports(): readonly ThreadReport[] {
    return this.#reports;
  }

  /**
   * What was counted in the phases that are over, while the load goes on; what is in flight is unresolved in it. The load
   * threads only copy their counts. Null where the load itself is over, whose result has more.
   */
  async phasesSoFar(): Promise<LoadResult | null> {
    const spans = this.#spans.filter(({ endMs }) => endMs !== undefined) as PhaseSpan[];
    const byThread = await Promise.all([...this.#alive].map((thread) => thread.phasesSoFar()));
    if (this.#result !== undefined) return null;
    const reports: ThreadReport[] = [];
    for (const phases of byThread) {
      const report = { phases: [] as ThreadPhase[], histograms: [] as EncodedHistogram[], latencySlices: [] };
      for (const { tally: copy, ...part } of phases) {
        const tally = PhaseTally.ofCopy(copy);
        report.phases.push({ ...part, tally: tally.report() });
        report.histograms.push(...tally.histograms(part.phase));
      }
      reports.push(report);
    }
    return { ...mergeThreads(reports, spans), lostThreads: this.#describeLost() };
  }

  /** Sends nothing more and waits for the replies in flight; what is silent then has timed out. */
  stop(): Promise<LoadResult> {
    return this.#end({ type: 'stop' }, this.#options.scenario.timeoutMs + REPORT_GRACE_MS);
  }

  /** Ends at once, also during {@link stop}; requests in flight are unresolved. */
  abort(): Promise<LoadResult> {
    return this.#end({ type: 'abort' }, REPORT_GRACE_MS);
  }

  #end(message: ToThread, patienceMs: Milliseconds): Promise<LoadResult> {
    this.#endPhase();
    this.#tellAll(message);
    clearTimeout(this.#giveUpTimer);
    if (this.#alive.size > 0) {
      const giveUp = (): void => this.#giveUp(patienceMs);
      this.#giveUpTimer = setTimeout(giveUp, patienceMs);
    }
    this.#result ??= this.#collect();
    return this.#result;
  }

  async #collect(): Promise<LoadResult> {
    const reports = await Promise.all(this.#threads.map((thread) => thread.finished));
    clearTimeout(this.#giveUpTimer);
    this.#reports = reports.filter((report): report is ThreadReport => report !== null);
    const merged = mergeThreads(this.#reports, this.#spans as PhaseSpan[]);
    return { ...merged, lostThreads: this.#describeLost() };
  }

  #giveUp(afterMs: Milliseconds): void {
    for (const thread of this.#alive) {
      if (this.#lost.has(thread)) continue;
      this.#lost.set(thread, `thread ${thread.number}: no report within ${afterMs} ms`);
      void thread.terminate();
    }
  }

  #describeLost(): LostThreads {
    const numbers = [...this.#lost.keys()].map(({ number }) => number);
    return {
      count: this.#lost.size,
      clientShare: clientShareOf(this.#options.scenario, numbers),
      causes: [...this.#lost.values()],
    };
  }

  #tellAll(message: ToThread): void {
    for (const thread of this.#alive) thread.tell(message);
  }

  #endPhase(): void {
    clearInterval(this.#rowTimer);
    const current = this.#spans.at(-1);
    if (current === undefined || current.endMs !== undefined) return;
    const endMs = this.#options.now();
    this.#closeRow(endMs);
    current.endMs = endMs;
  }

  #onRowTimer(): void {
    const current = this.#spans.at(-1);
    if (current === undefined) return;
    const nowMs = this.#options.now();
    const plannedEndMs = current.startMs + plannedLengthMs(this.#options.scenario, current.phase);
    // The row that the phase's end closes is to be about a second long, too, and not the few milliseconds left.
    if (Math.abs(plannedEndMs - nowMs) >= ROW_MS / 2) this.#closeRow(nowMs);
  }

  /** Asks the threads for what happened since the last row; the row is given out when all have answered. */
  #closeRow(endMs: RunMilliseconds): void {
    const current = this.#spans.at(-1);
    if (current === undefined || endMs <= this.#rowStartMs) return;
    const span = { startMs: this.#rowStartMs, endMs, phase: current.phase };
    this.#rowStartMs = endMs;
    const number = this.#rowNumber++;
    this.#openRows.set(number, { span, intervals: [], waitingFor: new Set(this.#alive) });
    this.#tellAll({ type: 'snapshot', number });
    this.#giveOutRow(number);
  }

  #addInterval(thread: ThreadHandle, number: number, interval: IntervalReport): void {
    const row = this.#openRows.get(number);
    if (row === undefined || !row.waitingFor.delete(thread)) return;
    row.intervals.push(interval);
    this.#giveOutRow(number);
  }

  #giveOutRow(number: number): void {
    const row = this.#openRows.get(number);
    if (row === undefined || row.waitingFor.size > 0) return;
    this.#openRows.delete(number);
    if (row.intervals.length === 0) return;
    this.#options.onIntervals?.(row.span, row.intervals);
    this.#options.onSecond(mergeIntervals(row.span, row.intervals));
  }

  #onLost(thread: ThreadHandle, cause: string): void {
    this.#alive.delete(thread);
    const isNews = !this.#lost.has(thread);
    if (isNews) this.#lost.set(thread, `thread ${thread.number}: ${cause}`);
    for (const [number, row] of this.#openRows) {
      row.waitingFor.delete(thread);
      this.#giveOutRow(number);
    }
    if (!isNews) return;
    this.#options.onFailure?.(
      new LabError({
        code: 'LOAD_THREAD_DIED',
        message: `load thread ${thread.number} of ${this.#options.scenario.loadThreads} ended without a report (${cause})`,
        hint: 'the figures leave its clients out; look at stderr for its error, and run again',
        exitCode: 11,
      }),
      this.#lost.size === this.#threads.length,
    );
  }
}
