/** What was to be reached, and whether it was. Pure: results in, rows out. */
import { GO_PPROF, LARGE_PROFILE, OUR_ANALYSER, REPORT } from '../parts/analysis.ts';
import { EXPIRING } from '../parts/expiry.ts';
import { C_GENERATOR, OUR_GENERATOR } from '../parts/generator.ts';
import { memoryCondition } from '../parts/memory.ts';
import { DEFAULTS, OFF } from '../parts/profilers.ts';
import { workersCondition } from '../parts/trackers.ts';
import { type BenchResult, greatestOf, medianOf, type PartName, type PartResult } from '../results.ts';
import { BITTORRENT_TRACKER } from '../servers/bittorrent-tracker.ts';
import { OPENTRACKER } from '../servers/opentracker.ts';
import { OURS, OURS_TWO } from '../servers/subjects.ts';
import { FLOOR } from '../servers/yardsticks.ts';

export interface Goal {
  readonly text: string;
  readonly limit: number;
  readonly direction: 'most' | 'least';
  /** null: not measured. */
  readonly reached: number | null;
  /** For example `×` or ` ms`. */
  readonly unit: string;
}

/** null: it was not measured. */
export function isHeld({ reached, limit, direction }: Goal): boolean | null {
  if (reached === null) return null;
  return direction === 'most' ? reached <= limit : reached >= limit;
}

const WORKERS = [100, 1_000];

export function goalsOf({ parts }: BenchResult): Goal[] {
  return [
    ...trackerGoals(full(parts, 'trackers')),
    ...generatorGoals(full(parts, 'generator')),
    memoryGoal(full(parts, 'memory')),
    ...expiryGoals(full(parts, 'expiry')),
    ...analysisGoals(full(parts, 'analysis')),
    profilerGoal(full(parts, 'profilers')),
  ];
}

/** A smoke run decides nothing. */
function full(parts: BenchResult['parts'], name: PartName): PartResult | undefined {
  const part = parts[name];
  return part?.smoke === true ? undefined : part;
}

function ratio(one: number | null, other: number | null): number | null {
  return one === null || other === null || other === 0 ? null : one / other;
}

function trackerGoals(part: PartResult | undefined): Goal[] {
  const against = [
    { subject: OPENTRACKER, limit: 0.67 },
    { subject: FLOOR, limit: 1.35 },
    { subject: BITTORRENT_TRACKER, limit: 0.06 },
  ];
  const cost = (subject: string, workers: number): number | null =>
    medianOf(part, subject, workersCondition(workers), 'serverCpuUs');
  const rows = against.flatMap(({ subject, limit }) =>
    WORKERS.map(
      (workers): Goal => ({
        text: `Tracker, CPU per announce against ${subject}, ${workersCondition(workers)}`,
        limit,
        direction: 'most',
        reached: ratio(cost(OURS, workers), cost(subject, workers)),
        unit: ' ×',
      }),
    ),
  );
  const twice = WORKERS.map((workers): Goal => {
    const perCore = ratio(cost(OURS, workers), cost(OURS_TWO, workers));
    return {
      text: `Two tracker workers against one, by CPU per announce, ${workersCondition(workers)}`,
      limit: 1.7,
      direction: 'least',
      reached: perCore === null ? null : 2 * perCore,
      unit: ' ×',
    };
  });
  return [...rows, ...twice];
}

function generatorGoals(part: PartResult | undefined): Goal[] {
  return WORKERS.map((workers) => ({
    text: `Generator, CPU per request against the one in C, ${workersCondition(workers)}`,
    limit: 1.35,
    direction: 'most',
    reached: ratio(
      medianOf(part, OUR_GENERATOR, workersCondition(workers), 'generatorCpuUs'),
      medianOf(part, C_GENERATOR, workersCondition(workers), 'generatorCpuUs'),
    ),
    unit: ' ×',
  }));
}

function memoryGoal(part: PartResult | undefined): Goal {
  const condition = memoryCondition(1_000_000, 100);
  return {
    text: 'Tracker, memory of a peer, 1,000,000 peers in swarms of 100',
    limit: 40,
    direction: 'most',
    reached: medianOf(part, OURS, condition, 'bytesPerPeer'),
    unit: ' bytes',
  };
}

/** Each row says what stood behind it: the rate, the rounds, and what of it was the generator's own delay. */
function expiryGoals(part: PartResult | undefined): Goal[] {
  const ms = (figure: string): number | null => ratio(medianOf(part, OURS, EXPIRING, figure), 1e3);
  const common = { direction: 'most', unit: ' ms' } as const;
  const [rate, lagMs] = [medianOf(part, OURS, EXPIRING, 'requestsPerSecond'), ms('sendLagP99Us')];
  const rateText = rate === null ? '' : ` (${Math.round(rate)} announces/s)`;
  const lagText =
    lagMs === null ? '' : `, of which the generator sent 1 % more than ${lagMs.toFixed(2)} ms late`;
  const roundsText = part === undefined ? '' : `, median of ${part.rounds} rounds of ${part.seconds} s`;
  return [
    {
      ...common,
      text: `Latency P99 at half the greatest rate${rateText}, while peers of 1,000,000 expire, from the moment each was due${lagText}${roundsText}`,
      limit: 1,
      reached: ms('latencyP99Us'),
    },
    {
      ...common,
      // A stall must not happen in any round.
      text: "Longest pause of the tracker's event loop meanwhile, in any round",
      limit: 5,
      reached: ratio(greatestOf(part, OURS, EXPIRING, 'loopDelayMaxUs'), 1e3),
    },
  ];
}

function analysisGoals(part: PartResult | undefined): Goal[] {
  const wall = (subject: string, condition: string): number | null =>
    medianOf(part, subject, condition, 'wallMs');
  return [
    {
      text: 'Top-10 of a large profile, time against `go tool pprof -top`',
      limit: 1.5,
      direction: 'most',
      reached: ratio(wall(OUR_ANALYSER, LARGE_PROFILE), wall(GO_PPROF, LARGE_PROFILE)),
      unit: ' ×',
    },
    {
      text: 'From the end of the load to the report',
      limit: 3,
      direction: 'most',
      reached: ratio(wall(OUR_ANALYSER, REPORT), 1e3),
      unit: ' s',
    },
  ];
}

function profilerGoal(part: PartResult | undefined): Goal {
  const cost = (condition: string): number | null => medianOf(part, OURS, condition, 'serverCpuUs');
  const share = ratio(cost(DEFAULTS), cost(OFF));
  return {
    text: 'CPU and allocation profiling at their defaults, cost to the tracker',
    limit: 5,
    direction: 'most',
    reached: share === null ? null : (share - 1) * 100,
    unit: ' %',
  };
}
