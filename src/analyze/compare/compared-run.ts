/** What a comparison needs of one run; small, so that many runs fit into memory. Pure. */
import type { Environment, Run } from '../../run.ts';
import type { Share } from '../../units.ts';
import { valueIndexOf } from '../cost-shares.ts';
import type { Evidence } from '../evidence.ts';
import { profileOf } from '../evidence.ts';
import { rssFigures } from '../memory-series.ts';
import { answeredIn } from '../page/answered.ts';
import { phaseFigures } from '../phase-figures.ts';
import { invalidReason, measurementChecks } from '../validity.ts';
import type { MetricId } from './comparison-metrics.ts';
import { type FunctionCosts, functionCosts } from './function-costs.ts';

export interface ComparedRun {
  readonly runId: string;
  readonly startedAt: string;
  /** Why its figures say nothing of the tracker; null: they do. */
  readonly excluded: string | null;
  readonly environment: Environment;
  readonly target: Run['target'];
  readonly scenario: Run['scenario'];
  /** Null where it was not measured. */
  readonly figures: Readonly<Record<MetricId, number | null>>;
  readonly errorShare: Share | null;
  readonly costs: FunctionCosts;
}

/** Figures of the clean phase; costs by function from the profiled one. */
export function comparedRun(evidence: Evidence): ComparedRun {
  const { run } = evidence;
  const clean = phaseFigures(evidence, 'clean');
  return {
    runId: run.runId,
    startedAt: run.startedAt,
    excluded: excludedBecause(evidence),
    environment: run.environment,
    target: run.target,
    scenario: run.scenario,
    figures: {
      requestsPerSecond: clean?.requestsPerSecond ?? null,
      p50Ns: clean?.latency?.p50Ns ?? null,
      p95Ns: clean?.latency?.p95Ns ?? null,
      p99Ns: clean?.latency?.p99Ns ?? null,
      cpuMicrosecondsPerRequest: clean?.target.cpuMicrosecondsPerRequest ?? null,
      allocatedBytesPerRequest: allocatedBytesPerRequest(evidence),
      peakRssBytes: rssFigures(evidence)?.peakBytes ?? null,
    },
    errorShare: clean?.errorShare ?? null,
    costs: functionCosts(evidence),
  };
}

/** Why a comparison does not count a run; null: it does. */
export function excludedBecause(evidence: Evidence): string | null {
  const { run } = evidence;
  if (run.partial !== null) return `partial: ${run.partial.reason}`;
  if (run.targetExit !== null && !run.targetExit.expected) return 'the tracker ended on its own';
  return invalidReason(measurementChecks(evidence));
}

/** What the runtime's sampling heap profiler estimates; null where there is no such profile. */
function allocatedBytesPerRequest(evidence: Evidence): number | null {
  const loaded = profileOf(evidence, 'allocations');
  if (loaded === null) return null;
  const requests = answeredIn(evidence, loaded.record.phase);
  const index = valueIndexOf(loaded.profile, 'alloc_space');
  if (requests === 0 || loaded.profile.valueTypes[index]?.unit !== 'bytes') return null;
  const values = loaded.profile.values[index] ?? new Float64Array();
  return values.reduce((sum, value) => sum + value, 0) / requests;
}
