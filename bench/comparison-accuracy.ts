/**
 * How often a comparison raises a false alarm, and how often it finds a slowdown that is there: simulated experiments, the
 * same every time. `npm run bench:comparison` prints docs/comparison.md's table.
 */
import { pathToFileURL } from 'node:url';
import { type MetricId, metricIds } from '../src/analyze/compare/comparison-metrics.ts';
import type { MetricComparison } from '../src/analyze/compare/comparison-schema.ts';
import { interleavedPairs } from '../src/analyze/compare/interleaving.ts';
import { judgeMetrics } from '../src/analyze/compare/judge-metrics.ts';
import { randomStream } from '../src/analyze/statistics/random-stream.ts';
import { needsConfirming } from '../src/cli/further-pairs.ts';
import { runsInTurn, type SideFoldersSoFar } from '../src/cli/runs-in-turn.ts';

export interface SimulationOptions {
  /** Runs a side that were asked for. */
  readonly runs: number;
  /** Standard deviation of what moves all figures of a run together, as a share. */
  readonly noise: number;
  /** How much more CPU a request of side b costs: 0.1 is a tenth. */
  readonly slowdown: number;
  readonly experiments: number;
  readonly seed?: number;
  /** Draws of each bootstrap interval. */
  readonly resamples?: number;
}

export interface Accuracy {
  /** Experiments in which some figure was called worse. */
  readonly worse: number;
  /** In which some figure was called better or worse. */
  readonly any: number;
  /** In which the interval of the rate's change held the true change. */
  readonly covered: number;
  /** Runs of an experiment, of both sides together: the mean. */
  readonly runs: number;
}

/** Share of all runs that something else on the machine slowed down. */
const OUTLIER_SHARE = 0.04;
/** Of those, the share that the lab finds invalid. */
const NOTICED_SHARE = 0.5;
/** What of it a figure has of its own, as a multiple of `noise`; tails and peaks vary more than middles. */
const ownNoise: Readonly<Record<MetricId, number>> = {
  requestsPerSecond: 0.3,
  p50Ns: 0.4,
  p95Ns: 1,
  p99Ns: 3,
  cpuMicrosecondsPerRequest: 0.4,
  allocatedBytesPerRequest: 0.7,
  peakRssBytes: 1,
};

/**
 * Shares of the experiments. Each run has a speed of its own (normal), a drift of the machine that wanders by 5 noises over
 * the experiment, and in 4 of 100 runs a neighbour that costs up to 30 %; each figure follows that speed and adds noise of
 * its own. Allocations and memory do not follow the speed. Order, further pairs and verdicts are those of `lab compare`.
 */
export async function simulate({
  runs,
  noise,
  slowdown,
  experiments,
  seed = 1,
  resamples = 500,
}: SimulationOptions): Promise<Accuracy> {
  const random = randomStream(seed);
  const counts = { worse: 0, any: 0, covered: 0, runs: 0 };
  for (let experiment = 0; experiment < experiments; experiment++) {
    const { metrics, made } = await experimentOf({ runs, noise, slowdown, resamples }, random);
    if (metrics.some(({ verdict }) => verdict === 'worse')) counts.worse++;
    if (metrics.some(({ verdict }) => verdict === 'worse' || verdict === 'better')) counts.any++;
    const interval = metrics.find(({ metric }) => metric === 'requestsPerSecond')?.interval;
    const truth = 1 / (1 + slowdown) - 1;
    if (interval != null && interval.low <= truth && interval.high >= truth) counts.covered++;
    counts.runs += made;
  }
  const share = (count: number): number => count / experiments;
  return {
    worse: share(counts.worse),
    any: share(counts.any),
    covered: share(counts.covered),
    runs: share(counts.runs),
  };
}

interface DrawnRun {
  readonly runId: string;
  readonly startedAt: string;
  readonly valid: boolean;
  readonly figures: Readonly<Record<MetricId, number>>;
}

async function experimentOf(
  { runs, noise, slowdown, resamples }: Required<Omit<SimulationOptions, 'experiments' | 'seed'>>,
  random: () => number,
): Promise<{ readonly metrics: readonly MetricComparison[]; readonly made: number }> {
  const drift = 5 * noise * (random() - 0.5) * 2;
  const made = new Map<string, DrawnRun>();
  function drawRun(side: 'a' | 'b'): string {
    const runId = String(made.size).padStart(6, '0');
    const outlier = random() < OUTLIER_SHARE ? 0.3 * random() : 0;
    const valid = outlier === 0 || random() >= NOTICED_SHARE;
    const speed = Math.exp(noise * normal(random) + drift * (made.size / (2 * runs) - 0.5) - outlier);
    const cost = side === 'b' ? 1 + slowdown : 1;
    const figures = Object.fromEntries(
      metricIds.map((metric) => [
        metric,
        Math.exp(noise * ownNoise[metric] * normal(random)) * figureOf(metric, speed, cost),
      ]),
    ) as Record<MetricId, number>;
    made.set(runId, { runId, startedAt: '', valid, figures });
    return runId;
  }
  function judged({ a, b }: SideFoldersSoFar): MetricComparison[] {
    const [used, others] = [a, b].map((side) =>
      side.map((runId) => made.get(runId) as DrawnRun).filter(({ valid }) => valid),
    ) as [DrawnRun[], DrawnRun[]];
    return judgeMetrics(
      metricIds.map((metric) => ({
        metric,
        a: used.map(({ figures }) => figures[metric]),
        b: others.map(({ figures }) => figures[metric]),
      })),
      { pairs: interleavedPairs(used, others), barred: null, resamples },
    );
  }
  const sides = await runsInTurn({
    repeat: runs,
    measure: async (side) => drawRun(side),
    isValid: (runId) => made.get(runId)?.valid === true,
    needsConfirming: (soFar) => needsConfirming(judged(soFar)),
    tell: () => undefined,
    signal: new AbortController().signal,
  });
  return { metrics: judged(sides), made: made.size };
}

function figureOf(metric: MetricId, speed: number, cost: number): number {
  switch (metric) {
    case 'requestsPerSecond':
      return (100_000 * speed) / cost;
    case 'allocatedBytesPerRequest':
      return 100;
    case 'peakRssBytes':
      return 80e6;
    default:
      return (1e6 * cost) / speed;
  }
}

/** By Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

async function printTable(experiments: number): Promise<void> {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const lines = [
    '| noise of a run | runs a side | equal builds called worse | called anything | 5 % slower found | 10 % slower found | 20 % slower found | interval holds the truth | runs made of equal builds |',
    '| -------------: | ----------: | ------------------------: | --------------: | ---------------: | ----------------: | ----------------: | -----------------------: | ------------------------: |',
  ];
  for (const noise of [0.01, 0.02, 0.04]) {
    for (const runs of [6, 8, 12, 20]) {
      const at = (slowdown: number): Promise<Accuracy> => simulate({ runs, noise, slowdown, experiments });
      const [equal, five, ten, twenty] = [await at(0), await at(0.05), await at(0.1), await at(0.2)];
      lines.push(
        `| ${[percent(noise), String(runs), percent(equal.worse), percent(equal.any), percent(five.worse), percent(ten.worse), percent(twenty.worse), percent(ten.covered), equal.runs.toFixed(1)].join(' | ')} |`,
      );
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await printTable(1000);
