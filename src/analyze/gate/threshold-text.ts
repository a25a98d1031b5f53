import { printable } from '../../printable.ts';
import type { ThresholdResult } from './check-thresholds.ts';

/** The results of thresholds for a terminal, a line each. Pure. */
export function thresholdLines(results: readonly ThresholdResult[]): string[] {
  return results.map(({ threshold, passed, observed }) =>
    printable(`${passed ? 'passed' : 'FAILED'}  ${threshold}  (${observed})`),
  );
}
