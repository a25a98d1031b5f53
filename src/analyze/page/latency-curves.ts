/** Latency by percentile, as HdrHistogram's plots have it. */
import type { LatencyCurve } from '../../page-data.ts';
import { operations, type PhaseName, type Run } from '../../run.ts';
import { decodeHistogram, sumHistograms } from '../read-latency.ts';

/** Points of a curve in each step from 90 % to 99 % to 99.9 %. */
const POINTS_A_DECADE = 24;

/**
 * The curves of the clean phase, all requests first and then each operation, and the one of the profiled phase.
 *
 * @param read - the content of a file of the run's folder, by its name in run.json
 * @throws LabError `BAD_HISTOGRAM` that names the file
 */
export function latencyCurves(run: Run, read: (name: string) => string): LatencyCurve[] {
  const clock = run.scenario.ratePerSecond > 0 ? 'response' : 'service';
  const filesOf = (phase: PhaseName) =>
    run.histograms.filter((one) => one.phase === phase && one.clock === clock);
  const clean = filesOf('clean');
  const wanted = [
    { label: 'All requests', faint: false, files: clean },
    ...operations.map((operation) => ({
      label: `${operation[0]?.toUpperCase()}${operation.slice(1)}`,
      faint: false,
      files: clean.filter((file) => file.operation === operation),
    })),
    { label: 'All, under the profilers', faint: true, files: filesOf('profiled') },
  ];
  return wanted.flatMap(({ label, faint, files }) => {
    const parts = files.map(({ file }) => decodeHistogram(file, read(file)));
    const all = sumHistograms(parts);
    if (all === null) return [];
    // As the report has it: the sum's own maximum is of coarser buckets.
    const mostNs = Math.max(...parts.map((part) => part.maxValue));
    const points: (readonly [number, number])[] = [];
    const add = (inverse: number, valueNs: number): void => {
      points.push([Number(inverse.toPrecision(6)), Number((valueNs / 1e6).toPrecision(5))]);
    };
    // Beyond one in `count` every percentile is the maximum.
    const steps = Math.floor(Math.log10(all.totalCount) * POINTS_A_DECADE);
    for (let step = 0; step <= steps; step++) {
      const inverse = 10 ** (step / POINTS_A_DECADE);
      // A percentile is the upper end of its bucket, the maximum the lower one.
      add(inverse, Math.min(mostNs, all.getValueAtPercentile(100 * (1 - 1 / inverse))));
    }
    add(Math.max(all.totalCount, 1), mostNs);
    return [{ label, faint, points }];
  });
}
