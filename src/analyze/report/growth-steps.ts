/** Whether the rate grew from one scenario of a suite to the next: the one criterion of every statement on scaling. Pure. */
import { BUSY_CPU_SHARE, NOTABLE_COST_SHARE, worryLimits } from '../thresholds.ts';
import { formatChange, formatShare } from './format.ts';
import type { Assessment, ScenarioFigures } from './report-schema.ts';

/** Why a statement on several scenarios cannot be held against one. */
export const ONE_SCENARIO = 'not measured: one scenario ran; --scenario all runs the four';

interface Growth {
  /** `yes`: on some step the rate stood still although the tracker had half of its CPU left. */
  readonly standsStill: Exclude<Assessment['answer'], 'note'>;
  /** `yes`: each step grew, or the CPU was used up; `no`: on some step it stood still with CPU to spare. */
  readonly growsUntilUsed: Exclude<Assessment['answer'], 'note'>;
  /** Each step with its figures, or why there is none. */
  readonly observed: string;
}

/**
 * The steps between the runs of a suite, in order of concurrency.
 *
 * @param isFixedRate - of open loops, whose rate has nothing to do with the workers
 */
export function growth(runs: readonly ScenarioFigures[], isFixedRate = false): Growth {
  if (isFixedRate) {
    return {
      standsStill: 'unknown',
      growsUntilUsed: 'unknown',
      observed: 'not measured: an open loop has a fixed rate, which does not grow with the workers',
    };
  }
  const measured = runs
    .filter((run) => run.requestsPerSecond !== null)
    .sort((a, b) => a.concurrency - b.concurrency);
  if (measured.length < 2) {
    return { standsStill: 'unknown', growsUntilUsed: 'unknown', observed: ONE_SCENARIO };
  }
  const steps = measured.slice(1).map((run, index) => step(measured[index] as ScenarioFigures, run));
  const isKnown = steps.every(({ standsStill }) => standsStill !== null);
  const stands = steps.some(({ standsStill }) => standsStill === true);
  return {
    standsStill: stands ? 'yes' : isKnown ? 'no' : 'unknown',
    growsUntilUsed: steps.some(({ hasCpuLeft }) => hasCpuLeft) ? 'no' : isKnown ? 'yes' : 'unknown',
    observed: steps.map(({ told }) => told).join(', '),
  };
}

function step(
  before: ScenarioFigures,
  run: ScenarioFigures,
): { readonly standsStill: boolean | null; readonly hasCpuLeft: boolean; readonly told: string } {
  const change = (run.requestsPerSecond as number) / (before.requestsPerSecond as number) - 1;
  const cpu = run.cpuCapacityShare;
  const flat = run.concurrency > before.concurrency && change < NOTABLE_COST_SHARE;
  const told = `${before.scenario} to ${run.scenario} ${formatChange(change)} ${cpu === null ? '(CPU not sampled)' : `at ${formatShare(cpu)} CPU`}`;
  return {
    standsStill: flat && cpu === null ? null : flat && (cpu as number) < worryLimits.plateauCpuShare,
    hasCpuLeft: flat && cpu !== null && cpu < BUSY_CPU_SHARE,
    told,
  };
}
