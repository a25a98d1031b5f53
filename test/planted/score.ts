/** Holds what the lab said of a planted tracker against what is known of it. Pure. */

import type { RuleId } from '../../src/analyze/finding.ts';
import type { Report } from '../../src/analyze/report/report-schema.ts';
import type { Plant } from './plant.ts';
import {
  isWithin,
  type VariantExpectation,
  variantExpectation,
  writtenAnswer,
} from './variant-expectation.ts';

type Finding = Report['findings'][number];

/** Where an outcome comes from. */
export interface RunLabel {
  /** Outcomes of one name belong to one run; a run may have several passes. */
  readonly run: string;
  /** UTC, as in ISO 8601. */
  readonly at: string;
  /** Of the tree that was measured; null where it was not recorded. */
  readonly commit: string | null;
  /** Of the tree that judged it. */
  readonly judgedBy: string | null;
}

/** A finding of the plant's own rule, or of one that is right too. */
export interface Answer {
  readonly rule: RuleId;
  readonly severity: Finding['severity'];
  readonly share: number | null;
  /** Its evidence: values by metric. */
  readonly figures: Readonly<Record<string, number>>;
}

/** One run of one plant. */
export interface Outcome {
  readonly plant: string;
  readonly scale: number;
  /** `invalid`: the run says nothing; `failed`: there was no report; `skipped`: it cannot be run here. */
  readonly kind: 'judged' | 'invalid' | 'failed' | 'skipped';
  /** Why it was not judged; null where it was. */
  readonly reason: string | null;
  /** Rule of the first finding; null where none was found. */
  readonly rule: string | null;
  readonly function: string | null;
  readonly severity: Finding['severity'] | null;
  readonly share: number | null;
  /** All that was found, first one first, as `rule function`. */
  readonly found: readonly string[];
  readonly firstRight: boolean;
  /** Null where no function is asked for. */
  readonly functionRight: boolean | null;
  /** The right finding, first or not; null where there is none. */
  readonly answer: Answer | null;
  /** What the first finding says; null where nothing was found. */
  readonly summary: string | null;
  readonly runFolder: string | null;
  readonly made: RunLabel;
  /** What disturbed the run that this one was made in place of; null where it is the first; absent where that was not recorded. */
  readonly disturbedBefore?: string | null;
}

interface Judged {
  readonly valid: boolean;
  readonly findings: readonly Finding[];
}

/** The verdict on one run; of an invalid run only a plant that is about the load can be judged. */
export function score(
  plant: Plant,
  { valid, findings }: Judged,
): Pick<
  Outcome,
  | 'kind'
  | 'rule'
  | 'function'
  | 'severity'
  | 'share'
  | 'found'
  | 'firstRight'
  | 'functionRight'
  | 'answer'
  | 'summary'
> {
  const found = findings.filter(({ verdict }) => verdict === 'found');
  const first = plant.expected === null ? found.find(isAlarm) : found[0];
  const told = {
    rule: first?.rule ?? null,
    function: first?.subject?.function ?? null,
    severity: first?.severity ?? null,
    share: first?.share ?? null,
    summary: first?.summary ?? null,
    found: found.map(({ rule, subject }) => (subject === null ? rule : `${rule} ${subject.function}`)),
  };
  if (plant.expected === null) {
    return {
      ...told,
      kind: valid ? 'judged' : 'invalid',
      firstRight: valid && first === undefined,
      functionRight: null,
      answer: null,
    };
  }
  const isAboutLoad = plant.expected.rule === 'generator-limited';
  const kind = valid || (isAboutLoad && first?.rule === 'generator-limited') ? 'judged' : 'invalid';
  const answers = [plant.expected, ...(plant.expected.also ?? [])];
  const answer = kind === 'judged' ? answers.find(({ rule }) => rule === first?.rule) : undefined;
  const wanted = (answer ?? plant.expected).functions;
  const right = found.find(({ rule }) => answers.some((one) => one.rule === rule));
  return {
    ...told,
    kind,
    firstRight: answer !== undefined,
    functionRight: wanted.length === 0 ? null : answer !== undefined && wanted.includes(told.function ?? ''),
    answer: kind === 'judged' && right !== undefined ? toAnswer(right) : null,
  };
}

/** Of a healthy tracker: what tells its operator to act. A remark (`info`) does not. */
function isAlarm({ severity }: Finding): boolean {
  return severity !== 'info';
}

function toAnswer({ rule, severity, share, evidence }: Finding): Answer {
  // Of metrics of one name the first: what a rule folds in from another comes after its own.
  const figures = Object.fromEntries([...evidence].reverse().map(({ metric, value }) => [metric, value]));
  return { rule, severity, share, figures };
}

export interface VariantVerdict {
  readonly fits: boolean;
  /** Null where the plant's own run was not right, so that nothing can be asked of the variant. */
  readonly expectation: VariantExpectation | null;
}

/**
 * Whether a variant's answer fits those of the plant as written. Its severity must be one that the measured figure and the
 * rule's limits allow at this cost; at a higher cost the finding stays first too.
 */
export function judgeVariant(plant: Plant, written: readonly Outcome[], variant: Outcome): VariantVerdict {
  const own = writtenAnswer(written);
  if (own === null) return { fits: false, expectation: null };
  const expectation = variantExpectation(plant, own, variant.scale);
  if (variant.kind !== 'judged') return { fits: false, expectation };
  const { answer } = variant;
  // Limits of another rule, which is right too, are not those of the expectation.
  const isOtherRule = answer !== null && answer.rule !== own.rule;
  const isAllowed = isOtherRule || isWithin(answer?.severity ?? 'nothing', expectation);
  return { fits: isAllowed && (variant.scale <= 1 || variant.firstRight), expectation };
}
