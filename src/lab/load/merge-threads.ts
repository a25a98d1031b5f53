/** Adds up what the load threads counted. Pure. */
import type { OperationCounts, operations, PhaseLoad, PhaseName, StrayReplies } from '../../run.ts';
import type { RunMilliseconds } from '../../units.ts';
import { addHistograms, encodeHistogram } from './latency-histogram.ts';
import { encodeLatencySlices } from './latency-slices.ts';
import { type EncodedHistogram, MOST_ERROR_TEXTS, OTHER_TEXTS } from './phase-tally.ts';
import type { ThreadMember, ThreadPhase, ThreadReport } from './thread-messages.ts';

/** When a phase was on, by the run's clock. */
export interface PhaseSpan {
  readonly phase: PhaseName;
  readonly startMs: RunMilliseconds;
  readonly endMs: RunMilliseconds;
}

export interface MergedLoad {
  readonly phases: PhaseLoad[];
  /** One for each phase, operation and clock that has values, all threads added up. */
  readonly histograms: EncodedHistogram[];
  /** Content of `latency-slices.json`; null: no request of the profiled phase was answered or timed out. */
  readonly latencySlices: string | null;
  /** What each of several trackers did in each phase that began, in order of trackers; none where there is one. */
  readonly members: readonly MemberPhase[];
}

export interface MemberPhase {
  readonly member: number;
  readonly phase: PhaseName;
  readonly operations: PhaseLoad['operations'];
  /** Of all operations, on the headline clock; null: nothing was recorded. */
  readonly histogram: string | null;
}

/** @param spans - the phases that began, in order; each becomes one entry, also where no thread reported */
export function mergeThreads(reports: readonly ThreadReport[], spans: readonly PhaseSpan[]): MergedLoad {
  return {
    phases: spans.map((span) => {
      const parts = reports.flatMap((report) => report.phases.filter((part) => part.phase === span.phase));
      return mergePhase(span, parts);
    }),
    histograms: mergeHistograms(reports.flatMap((report) => report.histograms)),
    latencySlices: encodeLatencySlices(reports.map((report) => report.latencySlices)),
    members: mergeMembers(
      reports.flatMap((report) => report.members ?? []),
      spans,
    ),
  };
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function mergeMembers(parts: readonly ThreadMember[], spans: readonly PhaseSpan[]): MemberPhase[] {
  const members = [...new Set(parts.map(({ member }) => member))].sort((a, b) => a - b);
  return members.flatMap((member) =>
    spans.map(({ phase }): MemberPhase => {
      const own = parts.filter((part) => part.member === member && part.phase === phase);
      const recorded = own.flatMap(({ histograms }) => histograms);
      // Response time, from the intended send, is what an open loop is judged by; a closed loop has none.
      const clock = recorded.some((one) => one.clock === 'response') ? 'response' : 'service';
      const encoded = recorded.filter((one) => one.clock === clock).map((one) => one.encoded);
      return {
        member,
        phase,
        operations: mergeOperations(own),
        histogram: encoded.length === 0 ? null : encodeHistogram(addHistograms(encoded)),
      };
    }),
  );
}

function mergeOperations(parts: readonly Pick<ThreadPhase, 'tally'>[]): PhaseLoad['operations'] {
  const countsOf = (operation: (typeof operations)[number]): OperationCounts => {
    const sum = (field: keyof OperationCounts): number =>
      sumOf(parts, (part) => part.tally.operations[operation][field]);
    return {
      sent: sum('sent'),
      succeeded: sum('succeeded'),
      timedOut: sum('timedOut'),
      errorReplies: sum('errorReplies'),
      malformedReplies: sum('malformedReplies'),
      sendFailed: sum('sendFailed'),
      unresolved: sum('unresolved'),
    };
  };
  return { connect: countsOf('connect'), announce: countsOf('announce'), scrape: countsOf('scrape') };
}

function mergePhase(span: PhaseSpan, parts: readonly ThreadPhase[]): PhaseLoad {
  const stray = (field: keyof StrayReplies): number => sumOf(parts, (part) => part.tally.strayReplies[field]);
  const areDropsKnown = parts.length > 0 && parts.every((part) => part.socketDrops !== null);
  return {
    ...span,
    operations: mergeOperations(parts),
    strayReplies: {
      late: stray('late'),
      duplicate: stray('duplicate'),
      unknown: stray('unknown'),
      malformed: stray('malformed'),
    },
    errorTexts: mergeErrorTexts(parts.map((part) => part.tally.errorTexts)),
    peersReceived: sumOf(parts, (part) => part.tally.peersReceived),
    retries: sumOf(parts, (part) => part.tally.retries),
    ...notSentOf(parts),
    sentBytes: sumOf(parts, (part) => part.tally.sentBytes),
    receivedBytes: sumOf(parts, (part) => part.tally.receivedBytes),
    threads: parts.map(({ cpuShare, tally: { sendLag } }) => ({
      cpuShare,
      sendLagNsP50: sendLag.nsP50,
      sendLagNsP99: sendLag.nsP99,
      sendLagNsMax: sendLag.nsMax,
    })),
    generatorSocketDrops: areDropsKnown ? sumOf(parts, (part) => part.socketDrops as number) : null,
  };
}

/** Nothing in closed loop, nor where no thread reported. */
function notSentOf(parts: readonly ThreadPhase[]): { notSent?: number } {
  const known = parts.map((part) => part.tally.notSent).filter((count) => count !== null);
  return known.length === 0 ? {} : { notSent: sumOf(known, (count) => count) };
}

/** The most frequent texts, the rest under "other". */
function mergeErrorTexts(byThread: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [text, count] of byThread.flatMap((texts) => Object.entries(texts))) {
    sums.set(text, (sums.get(text) ?? 0) + count);
  }
  let others = sums.get(OTHER_TEXTS) ?? 0;
  sums.delete(OTHER_TEXTS);
  const ranked = [...sums].sort((one, two) => two[1] - one[1]);
  others += sumOf(ranked.slice(MOST_ERROR_TEXTS), ([, count]) => count);
  const kept = ranked.slice(0, MOST_ERROR_TEXTS);
  return Object.fromEntries(others > 0 ? [...kept, [OTHER_TEXTS, others]] : kept);
}

function mergeHistograms(parts: readonly EncodedHistogram[]): EncodedHistogram[] {
  const groups = new Map<string, EncodedHistogram[]>();
  for (const part of parts) {
    const key = `${part.phase} ${part.operation} ${part.clock}`;
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [EncodedHistogram];
    return { ...first, encoded: encodeHistogram(addHistograms(group.map((part) => part.encoded))) };
  });
}
