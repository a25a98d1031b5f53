import type { EvidenceLine } from '../finding.ts';
import type { ScenarioFigures } from '../report/report-schema.ts';
import { BUSY_CPU_SHARE, LINEAR_GROWTH_EXPONENT, worryLimits } from '../thresholds.ts';
import { cannotTell, context, type PatternAnswer } from './pattern.ts';

/** A run with all figures that the pattern is about. */
interface Usable extends ScenarioFigures {
  readonly p95Ns: number;
  readonly cpuCapacityShare: number;
  readonly memoryBytesPerMinute: number;
}

/**
 * Does latency grow in step with the workers while memory stands still? By the last step of the suite, where the load is
 * greatest: the exponent b of `P95 ~ workers^b` is 1 where each further worker only waits longer. It is the CPU only where
 * the CPU was used up; else the queue is before something else.
 *
 * @param runs - of a suite, in any order; those without a status are invalid and left out
 * @param isFixedRate - of open loops, in which workers do not wait for replies
 */
export function latencyWithConcurrency(
  runs: readonly ScenarioFigures[],
  isFixedRate: boolean,
): PatternAnswer {
  if (isFixedRate) return cannotTell('in an open loop the workers do not make the load');
  const usable = runs
    .filter((run) => run.status.tier !== null)
    .filter((run): run is Usable => {
      return run.p95Ns !== null && run.cpuCapacityShare !== null && run.memoryBytesPerMinute !== null;
    })
    .sort((a, b) => a.concurrency - b.concurrency);
  const last = usable.at(-1);
  const before = usable.findLast(({ concurrency }) => concurrency < (last?.concurrency ?? 0));
  if (last === undefined || before === undefined) {
    return cannotTell(
      runs.length < 2
        ? 'one number of workers ran; --scenario all or --sweep runs several'
        : `${usable.length} of ${runs.length} runs are valid and have a latency, the tracker's CPU and a trend of its memory; two numbers of workers are needed`,
    );
  }
  const exponent = Math.log(last.p95Ns / before.p95Ns) / Math.log(last.concurrency / before.concurrency);
  const source = `runs with ${before.concurrency} and ${last.concurrency} workers, clean phase`;
  const evidence: EvidenceLine[] = [
    {
      metric: 'exponent of P95 by workers',
      value: exponent,
      unit: '',
      threshold: LINEAR_GROWTH_EXPONENT,
      source,
    },
    context('P95 before', before.p95Ns / 1e6, 'ms', source),
    context('P95 after', last.p95Ns / 1e6, 'ms', source),
    {
      metric: 'CPU of what its threads can use',
      value: last.cpuCapacityShare * 100,
      unit: '%',
      threshold: BUSY_CPU_SHARE * 100,
      source: `run with ${last.concurrency} workers`,
    },
    {
      metric: 'memory growth',
      value: last.memoryBytesPerMinute / 1e6,
      unit: 'MB/min',
      threshold: worryLimits.memoryBytesPerMinute / 1e6,
      source: `run with ${last.concurrency} workers`,
    },
  ];
  const rise = `from ${before.concurrency} to ${last.concurrency} workers P95 grows as their number to the power of ${exponent.toFixed(2)}`;
  if (exponent < LINEAR_GROWTH_EXPONENT) {
    return { verdict: 'clear', told: `${rise}: less than in step with them`, evidence };
  }
  if (last.memoryBytesPerMinute > worryLimits.memoryBytesPerMinute) {
    return {
      verdict: 'clear',
      told: `${rise}, but memory grows as well, so it need not be the CPU`,
      evidence,
    };
  }
  const used = `${(last.cpuCapacityShare * 100).toFixed(1)} % of its CPU`;
  return last.cpuCapacityShare >= BUSY_CPU_SHARE
    ? {
        verdict: 'found',
        told: `${rise}, memory is stable and the tracker uses ${used}: it is CPU-bound, and each further worker only waits longer`,
        evidence,
      }
    : {
        verdict: 'clear',
        told: `${rise}, but the tracker uses only ${used}: what the workers queue for is not its CPU`,
        evidence,
      };
}
