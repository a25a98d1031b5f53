import { performance } from 'node:perf_hooks';
import type { RunMilliseconds } from '../units.ts';

/** Starts the run's clock: monotonic, so that a moved wall clock changes no figure. */
export function startRunClock(): () => RunMilliseconds {
  const originMs = performance.now();
  return function now() {
    return performance.now() - originMs;
  };
}
