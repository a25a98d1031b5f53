/** The template's quick reference answered for one run. Pure. */
import { crashOf } from '../crash.ts';
import type { Evidence } from '../evidence.ts';
import type { LittlesLaw } from '../littles-law.ts';
import type { MemoryTrend } from '../memory-series.ts';
import { p95Thirds } from '../patterns/latency-over-time.ts';
import type { PhaseFigures } from '../phase-figures.ts';
import {
  BUSY_CPU_SHARE,
  deploymentSizes,
  NOTABLE_RISE_SHARE,
  optimizeLimits,
  scenarioRows,
  worryLimits,
} from '../thresholds.ts';
import { formatChange, formatLatency, formatRate, formatShare, significant } from './format.ts';
import { growth } from './growth-steps.ts';
import type { Assessment, HistoryRow, ScenarioFigures } from './report-schema.ts';

export interface QuickReferenceInput {
  readonly evidence: Evidence;
  readonly clean: PhaseFigures | null;
  /** Why the run says nothing of the tracker; null where it does. */
  readonly invalid: string | null;
  readonly cpuCapacityShare: number | null;
  readonly trend: MemoryTrend | null;
  readonly law: LittlesLaw | null;
  /** The runs of the suite, this one among them. */
  readonly runs: readonly ScenarioFigures[];
  /** Earlier runs of the same scenario and tracker, those of another environment left out. */
  readonly earlier: readonly HistoryRow[];
}

/** Times the rate of a deployment from which a load is not its load. */
const FAR_ABOVE = 2;

type Answer = Pick<Assessment, 'answer' | 'observed'>;

/** Which deployment sizes the tracker is fast enough for. */
export function assessDeployments(input: QuickReferenceInput): Assessment[] {
  return deploymentSizes.map((size) => ({
    name: size.name,
    statement: `${size.users}: RPS > ${size.requestsPerSecond.toLocaleString('en-US')}, P95 < ${size.p95Ns / 1e6} ms`,
    ...fastEnough(input, size),
  }));
}

type Size = (typeof deploymentSizes)[number];

function fastEnough(input: QuickReferenceInput, size: Size): Answer {
  const { requestsPerSecond: neededPerSecond, p95Ns: limitNs } = size;
  const { clean, invalid, cpuCapacityShare } = input;
  const crash = crashOf(input.evidence.run);
  if (crash !== null) return { answer: 'no', observed: crash };
  if (invalid !== null) return unknown(invalid);
  const rate = clean?.requestsPerSecond ?? null;
  const p95Ns = clean?.latency?.p95Ns ?? null;
  if (rate === null || p95Ns === null) return unknown('nothing was answered in the clean phase');
  const observed = `${formatRate(rate)} req/s, P95 ${formatLatency(p95Ns)}`;
  if (rate > neededPerSecond && p95Ns < limitNs) return { answer: 'yes', observed };
  const { ratePerSecond } = input.evidence.run.scenario;
  if (ratePerSecond > 0 && ratePerSecond <= neededPerSecond) {
    return unknown(
      `a fixed rate of ${formatRate(ratePerSecond)} req/s was offered, which does not show the tracker's limit (${observed})`,
    );
  }
  const isOffered = rate <= neededPerSecond && p95Ns < limitNs && cpuCapacityShare !== null;
  if (isOffered && cpuCapacityShare < BUSY_CPU_SHARE) {
    const used = formatShare(cpuCapacityShare);
    return unknown(
      `this load asked for no more than ${observed}, with ${used} of the CPU used; offer more load`,
    );
  }
  return {
    answer: 'no',
    observed: [
      `under this load: ${failing(rate, p95Ns, size)}`,
      queueRemark(input, rate > neededPerSecond),
      otherRuns(input, neededPerSecond, limitNs) || lighterLoad(input, rate, size),
    ].join(''),
  };
}

/** The condition that fails beside the one that holds. */
function failing(rate: number, p95Ns: number, size: Size): string {
  const [rateWords, p95Words] = [`${formatRate(rate)} req/s`, `P95 ${formatLatency(p95Ns)}`];
  const told: string[] = [];
  if (p95Ns >= size.p95Ns) told.push(`${p95Words} is not below ${size.p95Ns / 1e6} ms`);
  if (rate <= size.requestsPerSecond) {
    told.push(`${rateWords} are not more than ${size.requestsPerSecond.toLocaleString('en-US')}`);
  }
  if (told.length === 2) return told.join(' and ');
  return `${told[0]}, while ${rate > size.requestsPerSecond ? `${rateWords} are` : `${p95Words} is`} enough`;
}

/** A load that is far above what a size of deployment has says little of that size. */
function lighterLoad({ evidence }: QuickReferenceInput, rate: number, size: Size): string {
  const { concurrency } = evidence.run.scenario;
  if (size.mostUsers === null || rate < FAR_ABOVE * size.requestsPerSecond) return '';
  const lighter = scenarioRows.filter((row) => row.concurrency < concurrency).slice(0, 2);
  if (lighter.length === 0) return '';
  const names = lighter.map((row) => row.name).join(' or ');
  return `; this load is far above that of such a deployment (${formatRate(rate)} req/s against ${size.requestsPerSecond.toLocaleString('en-US')}): run ${names} for this size`;
}

/** A rate that is high enough with a latency that is only the queue of the load's own workers. */
function queueRemark({ evidence, law }: QuickReferenceInput, isRateEnough: boolean): string {
  if (!isRateEnough || law?.isQueue !== true) return '';
  return `; the rate is enough, the latency is the queue of ${evidence.run.scenario.concurrency.toLocaleString('en-US')} workers`;
}

function otherRuns(
  { evidence, runs }: QuickReferenceInput,
  neededPerSecond: number,
  limitNs: number,
): string {
  const fit = runs.find(
    (run) =>
      run.runId !== evidence.run.runId &&
      run.status.tier !== null &&
      (run.requestsPerSecond ?? 0) > neededPerSecond &&
      (run.p95Ns ?? Number.POSITIVE_INFINITY) < limitNs,
  );
  if (fit === undefined) return '';
  return `; met under the ${fit.scenario} load (${formatRate(fit.requestsPerSecond as number)} req/s, P95 ${formatLatency(fit.p95Ns as number)})`;
}

/** Which of the four reasons to worry hold, and a crash before them; `yes` is a reason to worry. */
export function assessWorries(input: QuickReferenceInput): Assessment[] {
  const crash = crashOf(input.evidence.run);
  const crashed: Assessment[] =
    crash === null
      ? []
      : [{ name: 'crash', statement: 'the tracker ends by itself', answer: 'yes', observed: crash }];
  return [
    ...crashed,
    { name: 'errors', statement: `error rate > ${worryLimits.errorShare * 100} %`, ...errorWorry(input) },
    { name: 'rising latency', statement: 'P95 rises while the test goes on', ...risingLatency(input) },
    {
      name: 'plateau',
      statement: `RPS no longer grows while CPU < ${worryLimits.plateauCpuShare * 100} %`,
      ...plateau(input),
    },
    {
      name: 'memory',
      statement: `memory grows > ${worryLimits.memoryBytesPerMinute / 1e6} MB/min`,
      ...memoryWorry(input.trend),
    },
  ];
}

function errorWorry({ clean }: QuickReferenceInput): Answer {
  const share = clean?.errorShare ?? null;
  if (share === null) return unknown('nothing was sent in the clean phase');
  return {
    answer: share > worryLimits.errorShare ? 'yes' : 'no',
    observed: `${formatShare(share)} of the requests failed`,
  };
}

/** The median of the per-second P95 in the last third of the clean phase against that in the first. */
function risingLatency({ evidence }: Pick<QuickReferenceInput, 'evidence'>): Answer {
  const { seconds, ends: parts } = p95Thirds(evidence);
  if (parts === null) return unknown(`${seconds} seconds with replies, six are needed to see a trend`);
  const change = parts.last / parts.first - 1;
  return {
    answer: change > NOTABLE_RISE_SHARE ? 'yes' : 'no',
    observed: `P95 ${formatLatency(parts.first)} in the first third, ${formatLatency(parts.last)} in the last (${formatChange(change)})`,
  };
}

function plateau({ runs, evidence }: QuickReferenceInput): Answer {
  const { standsStill, observed } = growth(runs, evidence.run.scenario.ratePerSecond > 0);
  return { answer: standsStill, observed };
}

function memoryWorry(trend: MemoryTrend | null): Answer {
  if (trend === null) return unknown('the clean phase is under 10 s, or the process was not sampled');
  return {
    answer: trend.bytesPerMinute > worryLimits.memoryBytesPerMinute ? 'yes' : 'no',
    observed: `${significant(trend.bytesPerMinute / 1e6)} MB/min in the clean phase`,
  };
}

/** When to optimise; `yes` is a reason to do it now. */
export function assessOptimization(input: QuickReferenceInput): Assessment[] {
  const { capacityShare, localP95Ns, loadFactor } = optimizeLimits;
  return [
    {
      name: 'before the limit',
      statement: `CPU at ${capacityShare * 100} % of capacity or more`,
      ...capacity(input),
    },
    { name: 'users notice', statement: `P95 > ${localP95Ns / 1e6} ms on a local network`, ...noticed(input) },
    {
      name: 'scaling up',
      statement: `tested at ${loadFactor} times the load that is expected`,
      ...expectedLoad(input),
    },
    { name: 'after a change', statement: 'measured again after each change', ...measuredBefore(input) },
  ];
}

function capacity({ cpuCapacityShare, invalid }: QuickReferenceInput): Answer {
  if (invalid !== null) return unknown(invalid);
  if (cpuCapacityShare === null) return unknown("the tracker's CPU was not sampled in the clean phase");
  return {
    answer: cpuCapacityShare >= optimizeLimits.capacityShare ? 'yes' : 'no',
    observed: `${formatShare(cpuCapacityShare)} of the CPU that its threads can use, under this load`,
  };
}

/** A closed loop at the tracker's limit makes its latency itself (Little's law): it says nothing of what users see. */
function noticed({ clean, evidence, law }: QuickReferenceInput): Answer {
  if (evidence.run.target.network === 'remote') return unknown('the tracker is remote');
  const p95Ns = clean?.latency?.p95Ns ?? null;
  if (p95Ns === null) return unknown('nothing was answered in the clean phase');
  const observed = `P95 ${formatLatency(p95Ns)}`;
  if (p95Ns <= optimizeLimits.localP95Ns) return { answer: 'no', observed };
  if (law?.isQueue !== true) return { answer: 'yes', observed };
  const workers = evidence.run.scenario.concurrency.toLocaleString('en-US');
  return unknown(
    `${observed} is the queue of ${workers} closed-loop workers at the tracker's limit (Little's law); a fixed rate (--rate) shows what users see`,
  );
}

function expectedLoad({ clean, invalid }: QuickReferenceInput): Answer {
  const rate = clean?.requestsPerSecond ?? null;
  if (invalid !== null || rate === null) return unknown('this run shows no rate of the tracker');
  return {
    answer: 'note',
    observed: `${formatRate(rate)} req/s were served: a test at ${optimizeLimits.loadFactor} times for up to ${formatRate(rate / optimizeLimits.loadFactor)} req/s of expected load`,
  };
}

function measuredBefore({ earlier }: QuickReferenceInput): Answer {
  const last = earlier.at(-1);
  if (last === undefined)
    return {
      answer: 'note',
      observed: 'the first run of this scenario and tracker in this environment: compare the next with it',
    };
  const runs = earlier.length === 1 ? '1 earlier run' : `${earlier.length} earlier runs`;
  return { answer: 'note', observed: `${runs} to compare with, the last of ${last.startedAt.slice(0, 10)}` };
}

function unknown(reason: string): Answer {
  return { answer: 'unknown', observed: `not measured: ${reason}` };
}
