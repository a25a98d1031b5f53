/** What a run was last held against, as checks for a CI system. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../errors.ts';
import { type ThresholdResult, thresholdsSchema } from '../gate/check-thresholds.ts';
import { readRunFile } from '../run-file.ts';
import type { Check } from './check-list.ts';

const FILE = 'thresholds.json';

/**
 * @param directory - the run's folder
 * @returns a check for each threshold, in their order; none where the run was held against none
 * @throws LabError `BAD_THRESHOLDS` where the file is not one that the lab wrote
 */
export function thresholdChecks(directory: string): Check[] {
  if (!existsSync(path.join(directory, FILE))) return [];
  const text = readRunFile(directory, FILE).toString('utf8');
  const parsed = thresholdsSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new LabError({
      code: 'BAD_THRESHOLDS',
      message: `expected the results of thresholds in ${path.join(directory, FILE)}, found something else`,
      hint: `remove the file, or write it anew: tracker-lab analyze ${directory} --threshold …`,
    });
  }
  return checksOfThresholds(parsed.data.results);
}

/** The same of results at hand. */
export function checksOfThresholds(results: readonly ThresholdResult[]): Check[] {
  return results.map(
    ({ threshold, value, passed, observed }): Check => ({
      group: 'threshold',
      name: threshold,
      // A figure that was not measured does not pass the gate; here, too, it must not look as if it had.
      outcome: passed ? 'passed' : 'failed',
      message: value === null ? `not measured: ${observed}` : observed,
      at: null,
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
