/** The template's trends to watch, held against earlier runs of the same scenario and tracker. Pure. */
import type { MemoryTrend } from '../memory-series.ts';
import { median } from '../series.ts';
import { COMPARABLE_RUNS, NOTABLE_COST_SHARE, worryLimits } from '../thresholds.ts';
import { formatChange, formatLatency, formatRate, formatShare, significant } from './format.ts';
import type { Assessment, HistoryRow } from './report-schema.ts';

type Answer = Pick<Assessment, 'answer' | 'observed'>;

/**
 * The four trends; `yes` is as it should be.
 *
 * @param earlier - valid, whole runs before this one, oldest first
 */
export function assessTrends(
  row: HistoryRow,
  earlier: readonly HistoryRow[],
  trend: MemoryTrend | null,
): Assessment[] {
  return [
    {
      name: 'throughput',
      statement: 'RPS stays stable or improves',
      ...against(
        row.partial,
        row.requestsPerSecond,
        earlier.map((one) => one.requestsPerSecond),
        1,
        formatPerSecond,
      ),
    },
    {
      name: 'latency',
      statement: 'latency does not rise significantly',
      ...against(
        row.partial,
        row.p95Ns,
        earlier.map((one) => one.p95Ns),
        -1,
        formatLatency,
      ),
    },
    { name: 'errors', statement: `error rate < ${worryLimits.errorShare * 100} %`, ...errors(row) },
    {
      name: 'memory',
      statement: 'memory follows the number of peers, not the length of the test',
      ...memory(trend),
    },
  ];
}

function formatPerSecond(value: number): string {
  return `${formatRate(value)} req/s`;
}

/** @param better - 1 where more is better, -1 where less is */
function against(
  isPartial: boolean,
  value: number | null,
  others: readonly (number | null)[],
  better: 1 | -1,
  format: (value: number) => string,
): Answer {
  if (value === null)
    return { answer: 'unknown', observed: 'not measured: nothing was answered in the clean phase' };
  if (isPartial)
    return { answer: 'unknown', observed: `${format(value)}; a run that was cut short is not compared` };
  const known = others.filter((other) => other !== null);
  const middle = median(known);
  if (middle === null)
    return { answer: 'unknown', observed: `${format(value)}; no earlier run to compare with` };
  const change = value / middle - 1;
  const observed = `${format(value)} against a median of ${format(middle)} (${formatChange(change)})`;
  if (known.length < COMPARABLE_RUNS) {
    return {
      answer: 'unknown',
      observed: `${observed}; not enough runs for a verdict (${known.length} earlier, ${COMPARABLE_RUNS} needed)`,
    };
  }
  return { answer: change * better >= -NOTABLE_COST_SHARE ? 'yes' : 'no', observed };
}

function errors(row: HistoryRow): Answer {
  if (row.errorShare === null)
    return { answer: 'unknown', observed: 'not measured: nothing was sent in the clean phase' };
  return {
    answer: row.errorShare < worryLimits.errorShare ? 'yes' : 'no',
    observed: formatShare(row.errorShare),
  };
}

function memory(trend: MemoryTrend | null): Answer {
  if (trend === null) {
    return {
      answer: 'unknown',
      observed: 'not measured: the clean phase is under 10 s, or the process was not sampled',
    };
  }
  const rate = `${significant(trend.bytesPerMinute / 1e6)} MB/min in the clean phase, when the swarms are full`;
  return { answer: trend.continuous ? 'no' : 'yes', observed: rate };
}
