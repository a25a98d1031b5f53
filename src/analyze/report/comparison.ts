/** The runs of one suite side by side. Pure. */
import type { Evidence } from '../evidence.ts';
import { phaseFigures } from '../phase-figures.ts';
import { LITTLES_LAW_TOLERANCE, NOTABLE_RISE_SHARE, scalingCpuShare } from '../thresholds.ts';
import { usedCapacity } from '../used-capacity.ts';
import { invalidReason, measurementChecks } from '../validity.ts';
import { formatLatency, formatRate, formatShare, significant } from './format.ts';
import type { Assessment, ScenarioFigures } from './report-schema.ts';
import { statusesOf } from './statuses.ts';

/** One run as a row of the scenario table. */
export function scenarioFigures(evidence: Evidence): ScenarioFigures {
  const { run } = evidence;
  const clean = phaseFigures(evidence, 'clean');
  const invalid = invalidReason(measurementChecks(evidence));
  const { overall } = statusesOf({ clean, network: run.target.network, rss: null, continuousGrowth: false });
  return {
    runId: run.runId,
    scenario: run.scenario.name,
    concurrency: run.scenario.concurrency,
    durationMs: clean?.durationMs ?? run.scenario.durationMs,
    requestsPerSecond: clean?.requestsPerSecond ?? null,
    p95Ns: clean?.latency?.p95Ns ?? null,
    cpuCapacityShare: usedCapacity(evidence),
    status: invalid === null ? overall : { tier: null, reason: invalid },
  };
}

/** A scenario whose figures are all there. */
interface MeasuredScenario extends ScenarioFigures {
  readonly requestsPerSecond: number;
  readonly p95Ns: number;
  readonly cpuCapacityShare: number;
}

/** The template's three statements on scaling, held against the runs of a suite. */
export function assessScaling(runs: readonly ScenarioFigures[]): Assessment[] {
  const measured = runs
    .filter((run): run is MeasuredScenario => {
      return run.requestsPerSecond !== null && run.p95Ns !== null && run.cpuCapacityShare !== null;
    })
    .sort((a, b) => a.concurrency - b.concurrency);
  return [
    {
      name: 'throughput',
      statement: 'RPS grows with the workers until the CPU is used up',
      ...throughput(measured),
    },
    {
      name: 'flat latency',
      statement: `latency stays flat up to ${scalingCpuShare.flatUntil * 100}-${scalingCpuShare.risesFrom * 100} % CPU`,
      ...flatLatency(measured),
    },
    {
      name: 'saturation',
      statement: `above ${scalingCpuShare.soarsFrom * 100} % CPU latency rises steeply`,
      ...saturation(measured),
    },
  ];
}

type Answer = Pick<Assessment, 'answer' | 'observed'>;

/** Why a statement on several scenarios cannot be held against one. */
export const ONE_SCENARIO = 'not measured: one scenario ran; --scenario all runs the four';

function throughput(measured: readonly MeasuredScenario[]): Answer {
  if (measured.length < 2) return { answer: 'unknown', observed: ONE_SCENARIO };
  const observed = measured
    .map(
      (run) =>
        `${run.scenario} ${formatRate(run.requestsPerSecond)} req/s at ${formatShare(run.cpuCapacityShare)} CPU`,
    )
    .join(', ');
  const failing = measured.slice(1).some((run, index) => {
    const before = measured[index] as MeasuredScenario;
    if (before.cpuCapacityShare >= scalingCpuShare.soarsFrom || before.cpuCapacityShare === 0) return false;
    const possible = Math.min(run.concurrency / before.concurrency, 1 / before.cpuCapacityShare);
    return run.requestsPerSecond < before.requestsPerSecond * possible * (1 - LITTLES_LAW_TOLERANCE);
  });
  return { answer: failing ? 'no' : 'yes', observed };
}

function flatLatency(measured: readonly MeasuredScenario[]): Answer {
  if (measured.length < 2) return { answer: 'unknown', observed: ONE_SCENARIO };
  const below = measured.filter((run) => run.cpuCapacityShare <= scalingCpuShare.risesFrom);
  const first = below[0];
  const last = below.at(-1);
  if (first === undefined || last === undefined || first === last) {
    return {
      answer: 'unknown',
      observed: `not measured: ${below.length} of ${measured.length} scenarios stayed below ${scalingCpuShare.risesFrom * 100} % CPU, two are needed`,
    };
  }
  const observed = below.map((run) => `${run.scenario} P95 ${formatLatency(run.p95Ns)}`).join(', ');
  return { answer: last.p95Ns <= first.p95Ns * (1 + NOTABLE_RISE_SHARE) ? 'yes' : 'no', observed };
}

function saturation(measured: readonly MeasuredScenario[]): Answer {
  if (measured.length < 2) return { answer: 'unknown', observed: ONE_SCENARIO };
  const first = measured[0] as MeasuredScenario;
  const busy = measured.filter((run) => run !== first && run.cpuCapacityShare > scalingCpuShare.soarsFrom);
  if (busy.length === 0) {
    return {
      answer: 'unknown',
      observed: `not measured: no further scenario used more than ${scalingCpuShare.soarsFrom * 100} % CPU`,
    };
  }
  const last = busy.at(-1) as MeasuredScenario;
  const times = significant(last.p95Ns / first.p95Ns);
  const workers = significant(last.concurrency / first.concurrency);
  return {
    answer: last.p95Ns > first.p95Ns * (1 + NOTABLE_RISE_SHARE) ? 'yes' : 'no',
    observed: `${last.scenario} has ${times} times the P95 of ${first.scenario} at ${workers} times the workers (${formatLatency(first.p95Ns)} to ${formatLatency(last.p95Ns)})`,
  };
}
