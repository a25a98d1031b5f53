export interface RuleThreshold {
  /** Name of the constant in thresholds.ts; a field after a dot. */
  readonly name: string;
  /** In `unit`. */
  readonly value: number;
  readonly unit: string;
  /** What it limits in this rule. */
  readonly meaning: string;
  readonly reason: string;
}

/** One limit, with what it is a limit of left out. */
export type Limit = Omit<RuleThreshold, 'meaning'>;
