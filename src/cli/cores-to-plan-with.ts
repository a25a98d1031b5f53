/**
 * Cores that a scenario is planned with, which leaves one of them to the tracker: less those of the further threads of our
 * own one. At least 1.
 *
 * @param trackerWorkers - threads of our own tracker; null: another is the target, and how many it has is not known
 */
export function coresToPlanWith(cpuCount: number, trackerWorkers: number | null): number {
  return Math.max(1, cpuCount - (trackerWorkers ?? 1) + 1);
}
