/** The runs of one suite side by side. Pure. */
import { crashOf } from '../crash.ts';
import type { Evidence } from '../evidence.ts';
import { memoryTrend } from '../memory-series.ts';
import { phaseFigures } from '../phase-figures.ts';
import { NOTABLE_RISE_SHARE, scalingCpuShare } from '../thresholds.ts';
import { usedCapacity } from '../used-capacity.ts';
import { invalidReason, measurementChecks } from '../validity.ts';
import { formatLatency, significant } from './format.ts';
import { growth, ONE_SCENARIO } from './growth-steps.ts';
import type { Assessment, ScenarioFigures } from './report-schema.ts';
import { statusesOf } from './statuses.ts';

/** One run as a row of the scenario table. */
export function scenarioFigures(evidence: Evidence): ScenarioFigures {
  const { run } = evidence;
  const clean = phaseFigures(evidence, 'clean');
  const invalid = invalidReason(measurementChecks(evidence));
  const { overall } = statusesOf({
    clean,
    network: run.target.network,
    rss: null,
    continuousGrowth: false,
    ratePerSecond: run.scenario.ratePerSecond,
    invalid,
    crash: crashOf(run),
  });
  return {
    runId: run.runId,
    scenario: run.scenario.name,
    concurrency: run.scenario.concurrency,
    durationMs: clean?.durationMs ?? run.scenario.durationMs,
    requestsPerSecond: clean?.requestsPerSecond ?? null,
    p95Ns: clean?.latency?.p95Ns ?? null,
    cpuCapacityShare: usedCapacity(evidence),
    memoryBytesPerMinute: memoryTrend(evidence)?.bytesPerMinute ?? null,
    status: overall,
    notScaling: notScaling(evidence, invalid),
  };
}

function notScaling({ run }: Evidence, invalid: string | null): string | null {
  if (run.scenario.ratePerSecond > 0) return 'its rate was fixed';
  if (run.partial !== null) return 'it was cut short';
  return invalid === null ? null : `it is invalid: ${invalid}`;
}

/** A scenario whose figures are all there. */
interface MeasuredScenario extends ScenarioFigures {
  readonly requestsPerSecond: number;
  readonly p95Ns: number;
  readonly cpuCapacityShare: number;
}

/** The template's three statements on scaling, held against the runs of a suite. */
export function assessScaling(runs: readonly ScenarioFigures[], isFixedRate = false): Assessment[] {
  const measured = runs
    .filter((run): run is MeasuredScenario => {
      return run.requestsPerSecond !== null && run.p95Ns !== null && run.cpuCapacityShare !== null;
    })
    .sort((a, b) => a.concurrency - b.concurrency);
  return [
    {
      name: 'throughput',
      statement: 'RPS grows with the workers until the CPU is used up',
      ...throughput(runs, isFixedRate),
    },
    {
      name: 'flat latency',
      statement: `latency stays flat up to ${scalingCpuShare.flatUntil * 100}-${scalingCpuShare.risesFrom * 100} % CPU`,
      ...flatLatency(measured, runs.length),
    },
    {
      name: 'saturation',
      statement: `above ${scalingCpuShare.soarsFrom * 100} % CPU latency rises steeply`,
      ...saturation(measured, runs.length),
    },
  ];
}

type Answer = Pick<Assessment, 'answer' | 'observed'>;

/** By the same steps as the plateau to worry about; that one asks for more CPU to spare. */
function throughput(runs: readonly ScenarioFigures[], isFixedRate: boolean): Answer {
  const { growsUntilUsed, observed } = growth(runs, isFixedRate);
  return { answer: growsUntilUsed, observed };
}

function tooFew(measured: number, ran: number): Answer {
  return {
    answer: 'unknown',
    observed:
      ran < 2
        ? ONE_SCENARIO
        : `not measured: ${measured} of ${ran} scenarios have both a latency and the tracker's CPU, two are needed`,
  };
}

function flatLatency(measured: readonly MeasuredScenario[], ran: number): Answer {
  if (measured.length < 2) return tooFew(measured.length, ran);
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

function saturation(measured: readonly MeasuredScenario[], ran: number): Answer {
  if (measured.length < 2) return tooFew(measured.length, ran);
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
