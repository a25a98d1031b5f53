/** The scaling chart of a suite: its runs, and the curve of the law that was fitted to them. Pure. */
import type { Scaling } from '../../page-data.ts';
import type { Report } from '../report/report-schema.ts';
import { fittedThroughput } from '../scalability.ts';
import { milliseconds } from './milliseconds.ts';

/** Enough for a smooth curve over four decades of workers. */
const CURVE_POINTS = 60;

/** Null where fewer than two runs of different concurrency are there. */
export function scalingOf({ runs, law }: Report['comparison']): Scaling | null {
  if (new Set(runs.map(({ concurrency }) => concurrency)).size < 2) return null;
  const fit = law?.fit ?? null;
  const used = new Set(law?.usedWorkers ?? []);
  return {
    points: runs.map((run) => ({
      label: run.scenario,
      concurrency: run.concurrency,
      requestsPerSecond: run.requestsPerSecond,
      p95Ms: milliseconds(run.p95Ns),
    })),
    fit:
      fit === null
        ? null
        : {
            label: 'Fitted',
            // Only over the runs that it was fitted to: past them it is a guess.
            points: spaced(Math.min(...used), Math.max(...used)).map((workers) => [
              workers,
              Number(fittedThroughput(fit, workers).toPrecision(5)),
            ]),
          },
  };
}

/** Evenly spaced by their logarithm, both ends among them. */
function spaced(from: number, to: number): number[] {
  return Array.from({ length: CURVE_POINTS }, (_, index) =>
    index === CURVE_POINTS - 1
      ? to
      : Number((from * (to / from) ** (index / (CURVE_POINTS - 1))).toPrecision(5)),
  );
}
