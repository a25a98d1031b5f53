import { Option } from 'commander';
import { parseThreshold, type Threshold } from '../analyze/gate/parse-threshold.ts';

/** What the flags say of the line to hold. */
export interface GateFlags {
  readonly threshold: readonly Threshold[];
  /** A run: what `x baseline` is a multiple of. Absent: the history. */
  readonly baseline?: string;
}

/** Repeatable; throws LabError `BAD_THRESHOLD` and `UNKNOWN_METRIC` before anything runs. */
export function thresholdOption(): Option {
  return new Option(
    '--threshold <limit>',
    "such as 'p95<5ms' or 'rps>=0.95x baseline'; exit 99 where it fails; repeatable",
  )
    .argParser((text: string, before: readonly Threshold[]) => [...before, parseThreshold(text)])
    .default([], 'none');
}

export function baselineOption(): Option {
  return new Option(
    '--baseline <run>',
    'the run that "x baseline" means (the median of earlier runs in the history)',
  );
}
