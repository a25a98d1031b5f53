/** Holds the results template's patterns of a bottleneck against a run and its suite. Pure. */
import type { Evidence } from '../evidence.ts';
import type { Finding } from '../finding.ts';
import type { ScenarioFigures } from '../report/report-schema.ts';
import {
  LINEAR_GROWTH_EXPONENT,
  NOTABLE_RISE_SHARE,
  scalingCpuShare,
  TAIL_GAP_FACTOR,
  worryLimits,
} from '../thresholds.ts';
import { invalidReason, measurementChecks } from '../validity.ts';
import { cpuShareTier } from './cpu-share-tier.ts';
import { flatThroughput } from './flat-throughput.ts';
import { latencyOverTime } from './latency-over-time.ts';
import { latencyWithConcurrency } from './latency-with-concurrency.ts';
import { memoryRate } from './memory-rate.ts';
import { cannotTell, type Pattern, type PatternAnswer, type PatternId } from './pattern.ts';
import { tailGap } from './tail-gap.ts';

const statements: Readonly<Record<PatternId, string>> = {
  'latency-with-concurrency': `P95 grows in step with the workers (exponent ${LINEAR_GROWTH_EXPONENT} or more) at stable memory`,
  'tail-gap': `P99 is ${TAIL_GAP_FACTOR} times P95 or more`,
  'memory-rate': `memory grows > ${worryLimits.memoryBytesPerMinute / 1e6} MB/min to the end`,
  'flat-throughput': `RPS no longer grows with the workers at CPU < ${worryLimits.plateauCpuShare * 100} %`,
  'latency-over-time': `P95 rises by more than ${NOTABLE_RISE_SHARE * 100} % while the test goes on`,
  'cpu-share': `CPU at ${scalingCpuShare.soarsFrom * 100} % of capacity or more`,
};

/**
 * All patterns in their fixed order. Those of one run cannot be told of an invalid run; those of several leave invalid runs out.
 *
 * @param runs - of the suite, this one among them
 */
export function findPatterns(
  evidence: Evidence,
  runs: readonly ScenarioFigures[],
  findings: readonly Finding[],
): readonly Pattern[] {
  const isFixedRate = evidence.run.scenario.ratePerSecond > 0;
  const invalid = invalidReason(measurementChecks(evidence));
  const ofRun = (answer: () => PatternAnswer): PatternAnswer =>
    invalid === null ? answer() : cannotTell(`the run is invalid: ${invalid}`);
  const answers: Readonly<Record<PatternId, PatternAnswer>> = {
    'latency-with-concurrency': latencyWithConcurrency(runs, isFixedRate),
    'tail-gap': ofRun(() => tailGap(evidence, findings)),
    'memory-rate': ofRun(() => memoryRate(evidence)),
    'flat-throughput': flatThroughput(runs, isFixedRate),
    'latency-over-time': ofRun(() => latencyOverTime(evidence)),
    'cpu-share': ofRun(() => cpuShareTier(evidence)),
  };
  return (Object.keys(statements) as PatternId[]).map((id) => ({
    id,
    statement: statements[id],
    ...answers[id],
  }));
}
