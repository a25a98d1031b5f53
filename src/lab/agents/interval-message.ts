import { z } from 'zod';
import type { IntervalReport } from '../load/interval-tally.ts';

const count = z.int().nonnegative();

/** Latencies as they travel: buckets of `LatencyCounts` and how often each, the one as long as the other. */
const latencySchema = z
  .object({
    buckets: z.array(
      z
        .int()
        .min(0)
        .max(2 ** 16 - 1),
    ),
    counts: z.array(count),
  })
  .refine(({ buckets, counts }) => buckets.length === counts.length)
  .transform(({ buckets, counts }) => ({
    buckets: Uint16Array.from(buckets),
    counts: Float64Array.from(counts),
  }));

/** An {@link IntervalReport} in a message; reading it gives the report. */
export const intervalSchema = z.object({
  sent: count,
  succeeded: count,
  timedOut: count,
  errorReplies: count,
  malformedReplies: count,
  sendFailed: count,
  latency: latencySchema.nullable(),
});

/** The report as it travels. Pure. */
export function toIntervalMessage({ latency, ...counts }: IntervalReport): z.input<typeof intervalSchema> {
  const pairs = latency === null ? null : { buckets: [...latency.buckets], counts: [...latency.counts] };
  return { ...counts, latency: pairs };
}
