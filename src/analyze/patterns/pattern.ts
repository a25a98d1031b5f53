/** The results template's patterns of a bottleneck, as what each of them says of a run. Plain data: it stands so in report.json. */
import type { EvidenceLine } from '../finding.ts';

export const patternIds = [
  'latency-with-concurrency',
  'tail-gap',
  'memory-rate',
  'flat-throughput',
  'latency-over-time',
  'cpu-share',
] as const;
export type PatternId = (typeof patternIds)[number];

/** A pattern seen is a symptom, whose cause the findings name. */
export interface Pattern {
  readonly id: PatternId;
  /** The pattern with its numbers, as a sentence without its full stop. */
  readonly statement: string;
  /** `insufficient-data`: `told` says what was missing. */
  readonly verdict: 'found' | 'clear' | 'insufficient-data';
  /** What was seen and what follows from it; a sentence without its full stop. */
  readonly told: string;
  readonly evidence: readonly EvidenceLine[];
}

/** What a pattern answers, without its name. */
export type PatternAnswer = Pick<Pattern, 'verdict' | 'told' | 'evidence'>;

/** The answer where something was not measured. */
export function cannotTell(told: string, evidence: readonly EvidenceLine[] = []): PatternAnswer {
  return { verdict: 'insufficient-data', told: `not measured: ${told}`, evidence };
}

/** A line without a limit. */
export function context(metric: string, value: number, unit: string, source: string): EvidenceLine {
  return { metric, value, unit, threshold: null, source };
}
