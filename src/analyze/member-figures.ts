/** What each of several trackers did in the clean phase, apart. Pure; nothing here is judged. */
import { type MemberRow, operations, type Run } from '../run.ts';
import type { Bytes, Nanoseconds, Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseLoad, span } from './series.ts';

export interface MemberFigures {
  readonly name: string;
  /** `udp://HOST:PORT`. */
  readonly address: string;
  readonly sent: number;
  readonly succeeded: number;
  /** Timed out, answered by an error or malformed, or refused by the socket. */
  readonly timedOut: number;
  readonly errorReplies: number;
  readonly malformedReplies: number;
  readonly sendFailed: number;
  /** Successful requests a second. */
  readonly requestsPerSecond: number;
  /** Null where nothing was answered. */
  readonly latencyNsP50: Nanoseconds | null;
  readonly latencyNsP95: Nanoseconds | null;
  readonly latencyNsP99: Nanoseconds | null;
  /** Of one core; this and the rest are null where the process was not sampled. */
  readonly cpuShare: Share | null;
  readonly cpuMicrosecondsPerRequest: number | null;
  readonly rssBytesMax: Bytes | null;
  readonly socketDrops: number | null;
}

/** None where the target is one tracker, or the run ended before the phase. */
export function memberFigures(evidence: Evidence): readonly MemberFigures[] {
  const load = phaseLoad(evidence, 'clean');
  if (load === null) return [];
  return evidence.run.members.map((member, index) => figuresOf(evidence, load, member, index));
}

function figuresOf(
  evidence: Evidence,
  { startMs, endMs }: Run['phases'][number],
  { record, phases }: Run['members'][number],
  index: number,
): MemberFigures {
  const counts = phases.find(({ phase }) => phase === 'clean')?.operations;
  type Field = 'sent' | 'succeeded' | 'timedOut' | 'errorReplies' | 'malformedReplies' | 'sendFailed';
  const sum = (field: Field): number =>
    counts === undefined ? 0 : operations.reduce((total, kind) => total + counts[kind][field], 0);
  const rows = evidence.timeline.filter(
    (row): row is MemberRow =>
      row.kind === 'member' && row.member === index && row.atMs >= startMs && row.atMs <= endMs,
  );
  const ends = span(rows);
  const seconds = (endMs - startMs) / 1000;
  const replies = sum('succeeded') + sum('errorReplies') + sum('malformedReplies');
  const cpuShare =
    ends === null
      ? null
      : (ends.last.cpuUserMs + ends.last.cpuSystemMs - ends.first.cpuUserMs - ends.first.cpuSystemMs) /
        ends.elapsedMs;
  const [before, after] = [ends?.first.socketDrops ?? null, ends?.last.socketDrops ?? null];
  const latency = evidence.memberLatency?.('clean', index) ?? null;
  return {
    name: record.name,
    address: record.address,
    sent: sum('sent'),
    succeeded: sum('succeeded'),
    timedOut: sum('timedOut'),
    errorReplies: sum('errorReplies'),
    malformedReplies: sum('malformedReplies'),
    sendFailed: sum('sendFailed'),
    requestsPerSecond: seconds > 0 ? sum('succeeded') / seconds : 0,
    latencyNsP50: latency?.p50Ns ?? null,
    latencyNsP95: latency?.p95Ns ?? null,
    latencyNsP99: latency?.p99Ns ?? null,
    cpuShare,
    cpuMicrosecondsPerRequest:
      cpuShare === null || replies === 0 || seconds <= 0 ? null : (cpuShare * seconds * 1e6) / replies,
    rssBytesMax: rows.length === 0 ? null : Math.max(...rows.map(({ rssBytes }) => rssBytes)),
    socketDrops: before === null || after === null ? null : after - before,
  };
}
