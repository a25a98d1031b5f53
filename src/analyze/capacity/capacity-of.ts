import { LabError } from '../../errors.ts';
import { loadRun } from '../load-run.ts';
import { capacityPoint } from './capacity-point.ts';
import type { Capacity } from './capacity-schema.ts';
import { type CapacityOptions, estimateCapacity } from './estimate-capacity.ts';

/**
 * The capacity of the tracker of some runs.
 *
 * @param directories - of runs of one tracker, one at least
 * @throws LabError as `loadRun`; `NO_CAPACITY` where a run has no cost per request or the runs are of several trackers
 */
export function capacityOf(directories: readonly string[], options: CapacityOptions): Capacity {
  const points = directories.map((directory) => {
    const evidence = loadRun(directory, { profiles: false });
    // How many threads of a foreign tracker had work is told by its profiles alone.
    return capacityPoint(evidence.run.target.workers === null ? loadRun(directory) : evidence);
  });
  const trackers = [...new Set(points.map(({ tracker }) => tracker))];
  if (trackers.length > 1) {
    throw new LabError({
      code: 'NO_CAPACITY',
      message: `expected runs of one tracker, found ${trackers.join(', ')}`,
      hint: 'name the runs of one tracker',
    });
  }
  return estimateCapacity(points, options);
}
