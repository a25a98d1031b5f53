/**
 * How often a comparison raises a false alarm, and how often it finds a slowdown that is there: simulated experiments, the
 * same every time. `npm run bench:comparison` prints docs/comparison.md's table.
 */
import { pathToFileURL } from 'node:url';
import { type MetricId, metricIds } from '../src/analyze/compare/comparison-metrics.ts';
import { judgeMetrics } from '../src/analyze/compare/judge-metrics.ts';
import { randomStream } from '../src/analyze/statistics/random-stream.ts';

export interface SimulationOptions {
  /** Runs a side, which take turns A B B A. */
  readonly runs: number;
  /** Standard deviation of what moves all figures of a run together, as a share. */
  readonly noise: number;
  /** How much more CPU a request of side b costs: 0.1 is a tenth. */
  readonly slowdown: number;
  readonly experiments: number;
  readonly seed?: number;
}

export interface Accuracy {
  /** Experiments in which some figure was called worse. */
  readonly worse: number;
  /** In which some figure was called better or worse. */
  readonly any: number;
  /** In which the interval of the rate's change held the true change. */
  readonly covered: number;
}

/** Share of all runs that something else on the machine slowed down. */
const OUTLIER_SHARE = 0.04;
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
 * its own. Allocations and memory do not follow the speed.
 */
export function simulate({ runs, noise, slowdown, experiments, seed = 1 }: SimulationOptions): Accuracy {
  const random = randomStream(seed);
  const counts = { worse: 0, any: 0, covered: 0 };
  for (let experiment = 0; experiment < experiments; experiment++) {
    const metrics = judgeMetrics(drawExperiment({ runs, noise, slowdown }, random), {
      pairs: runs,
      barred: null,
      resamples: 500,
    });
    if (metrics.some(({ verdict }) => verdict === 'worse')) counts.worse++;
    if (metrics.some(({ verdict }) => verdict === 'worse' || verdict === 'better')) counts.any++;
    const interval = metrics.find(({ metric }) => metric === 'requestsPerSecond')?.interval;
    const truth = 1 / (1 + slowdown) - 1;
    if (interval != null && interval.low <= truth && interval.high >= truth) counts.covered++;
  }
  const share = (count: number): number => count / experiments;
  return { worse: share(counts.worse), any: share(counts.any), covered: share(counts.covered) };
}

function drawExperiment(
  { runs, noise, slowdown }: Pick<SimulationOptions, 'runs' | 'noise' | 'slowdown'>,
  random: () => number,
) {
  const order = Array.from({ length: runs }, (_, pair) => (pair % 2 === 0 ? 'ab' : 'ba')).join('');
  const drift = 5 * noise * (random() - 0.5) * 2;
  const values = metricIds.map((metric) => ({ metric, a: [] as number[], b: [] as number[] }));
  for (const [index, side] of [...order].entries()) {
    const outlier = random() < OUTLIER_SHARE ? 0.3 * random() : 0;
    const speed = Math.exp(noise * normal(random) + drift * (index / order.length - 0.5) - outlier);
    const cost = side === 'b' ? 1 + slowdown : 1;
    for (const one of values) {
      const own = Math.exp(noise * ownNoise[one.metric] * normal(random));
      one[side as 'a' | 'b'].push(own * figureOf(one.metric, speed, cost));
    }
  }
  return values;
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

function printTable(experiments: number): void {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const lines = [
    '| noise of a run | runs a side | equal builds called worse | called anything | 5 % slower found | 10 % slower found | 20 % slower found | interval holds the truth |',
    '| -------------: | ----------: | ------------------------: | --------------: | ---------------: | ----------------: | ----------------: | -----------------------: |',
  ];
  for (const noise of [0.01, 0.02, 0.04]) {
    for (const runs of [6, 8, 12, 20]) {
      const at = (slowdown: number): Accuracy => simulate({ runs, noise, slowdown, experiments });
      const [equal, five, ten, twenty] = [at(0), at(0.05), at(0.1), at(0.2)];
      lines.push(
        `| ${[percent(noise), String(runs), percent(equal.worse), percent(equal.any), percent(five.worse), percent(ten.worse), percent(twenty.worse), percent(ten.covered)].join(' | ')} |`,
      );
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) printTable(1000);
