import { z } from 'zod';
import { gcKinds, phaseNames, type TimelineRow } from '../run.ts';

const number = z.number();
const gcOfKind = z.object({ count: number, ms: number });

const rowSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('process'),
    atMs: number,
    cpuUserMs: number,
    cpuSystemMs: number,
    rssBytes: number,
    threads: number,
    voluntaryContextSwitches: number,
    involuntaryContextSwitches: number,
    runQueueDelayMs: number,
    v8HelperCpuMs: number.nullable().default(null),
    threadStates: z.object({ running: number, asleep: number, uninterruptible: number }),
    socketDrops: number.nullable(),
    socketQueueBytes: number.nullable(),
  }),
  z.object({
    kind: z.literal('member'),
    atMs: number,
    member: z.int().nonnegative(),
    cpuUserMs: number,
    cpuSystemMs: number,
    rssBytes: number,
    socketDrops: number.nullable(),
    socketQueueBytes: number.nullable(),
  }),
  z.object({ kind: z.literal('socket'), atMs: number, socketDrops: number, socketQueueBytes: number }),
  z.object({
    kind: z.literal('runtime'),
    atMs: number,
    heapUsedBytes: number,
    heapTotalBytes: number,
    externalBytes: number,
    arrayBuffersBytes: number,
    gc: z.record(z.enum(gcKinds), gcOfKind),
    eventLoopDelayNsP50: number,
    eventLoopDelayNsP99: number,
    eventLoopDelayNsMax: number,
    eventLoopUtilization: number,
  }),
  z.object({
    kind: z.literal('load'),
    atMs: number,
    spanMs: z.number().positive(),
    phase: z.enum(phaseNames),
    sent: number,
    succeeded: number,
    timedOut: number,
    errorReplies: number,
    malformedReplies: number,
    sendFailed: number,
    latencyNsP50: number.nullable(),
    latencyNsP95: number.nullable(),
    latencyNsP99: number.nullable(),
    latencyNsMax: number.nullable(),
  }),
  z.object({
    kind: z.literal('machine'),
    atMs: number,
    busyMs: number,
    interruptMs: number,
    stolenMs: number,
    labMs: number,
  }),
]);

export interface ParsedTimeline {
  /** Sorted by `atMs`. */
  readonly rows: readonly TimelineRow[];
  /** Lines that were no valid row; a run that was killed leaves one half line. */
  readonly brokenLines: number;
}

/** Reads timeline.ndjson: one row a line, blank lines skipped, broken ones counted. Pure; throws nothing. */
export function parseTimeline(text: string): ParsedTimeline {
  const rows: TimelineRow[] = [];
  let brokenLines = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const row = parseRow(line);
    if (row === null) brokenLines++;
    else rows.push(row);
  }
  rows.sort((a, b) => a.atMs - b.atMs);
  return { rows, brokenLines };
}

function parseRow(line: string): TimelineRow | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = rowSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
