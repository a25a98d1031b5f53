/** HdrHistogram's percentile distribution as text (`.hgrm`), which its online plotter and its other tools read. */
import type { Histogram } from 'hdr-histogram-js';
import { LabError } from '../../errors.ts';
import type { PhaseName, Run } from '../../run.ts';
import { decodeHistogram, sumHistograms } from '../read-latency.ts';

const NANOSECONDS_PER_MILLISECOND = 1e6;
/** Lines for each halving of the distance to 100 %; what HdrHistogram's own tools use. */
const TICKS_PER_HALF_DISTANCE = 5;

/**
 * Latency of all requests of one phase, in milliseconds. In open loop it is the response time, from the intended send.
 *
 * @param read - the content of a file of the run's folder, by its name in run.json
 * @throws LabError `BAD_HISTOGRAM` that names the file, `NO_LATENCY` where nothing was recorded in that phase
 */
export function hdrPercentiles(run: Run, phase: PhaseName, read: (name: string) => string): string {
  const clock = run.scenario.ratePerSecond > 0 ? 'response' : 'service';
  const parts = run.histograms
    .filter((one) => one.phase === phase && one.clock === clock)
    .map(({ file }) => decodeHistogram(file, read(file)));
  const all = sumHistograms(parts);
  if (all === null) {
    throw new LabError({
      code: 'NO_LATENCY',
      message: `the ${phase} phase of this run has no latency: no request was answered in it`,
      hint: 'choose another run',
    });
  }
  return (all as Histogram & PercentileText).outputPercentileDistribution(
    TICKS_PER_HALF_DISTANCE,
    NANOSECONDS_PER_MILLISECOND,
  );
}

/** As hdr-histogram-js has it. */
interface PercentileText {
  outputPercentileDistribution(ticksPerHalfDistance: number, valueUnitRatio: number): string;
}
