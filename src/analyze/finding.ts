/** What a rule says of a run. Plain data: it stands so in report.json. */

export const ruleIds = [
  'gc-pressure',
  'lock-contention',
  'syscall-bound',
  'cpu-hot-function',
  'memory-growth',
  'event-loop-stall',
  'logging',
  'receive-drops',
  'external-wait',
  'errors-returned',
  'generator-limited',
] as const;
export type RuleId = (typeof ruleIds)[number];

/** The function to look at. */
export interface Subject {
  readonly function: string;
  readonly file: string | null;
  readonly line: number | null;
}

/** One measured value held against a threshold. */
export interface EvidenceLine {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** Null where the line is context and not a test. */
  readonly threshold: number | null;
  /** Where the value was read, for example `cpu.pb.gz` or `timeline.ndjson, clean phase`. */
  readonly source: string;
}

export interface Finding {
  readonly rule: RuleId;
  /** `insufficient-data`: the rule could not tell; `evidence` says what was missing by its metrics, `summary` why. */
  readonly verdict: 'found' | 'clear' | 'insufficient-data';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly confidence: 'low' | 'medium' | 'high';
  /** Share of the cost (CPU time, bytes, requests) that it explains, 0 to 1; null where that has no meaning. */
  readonly share: number | null;
  readonly subject: Subject | null;
  /** One sentence with the figures. */
  readonly summary: string;
  readonly evidence: readonly EvidenceLine[];
  /** What to change and what to measure next; empty unless found. */
  readonly advice: readonly string[];
}
