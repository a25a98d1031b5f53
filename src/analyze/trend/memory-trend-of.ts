import { existsSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../errors.ts';
import { loadRun } from '../load-run.ts';
import { type MemoryTrend, memoryTrend } from '../memory-series.ts';

/** The memory trend of a run below `out`; null where its folder is gone or broken. */
export function memoryTrendOf(out: string, runId: string): MemoryTrend | null {
  const directory = path.join(out, path.basename(runId));
  if (!existsSync(path.join(directory, 'run.json'))) return null;
  try {
    return memoryTrend(loadRun(directory, { profiles: false }));
  } catch (error) {
    // A broken run is told of when it is analysed itself; the history of the others must not fail with it.
    if (error instanceof LabError) return null;
    throw error;
  }
}
