/** Holds what the lab said of a planted tracker against what is known of it. Pure. */
import type { Report } from '../../src/analyze/report/report-schema.ts';
import type { Plant } from './plant.ts';

type Finding = Report['findings'][number];

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
  readonly runFolder: string | null;
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
  'kind' | 'rule' | 'function' | 'severity' | 'share' | 'found' | 'firstRight' | 'functionRight'
> {
  const found = findings.filter(({ verdict }) => verdict === 'found');
  const first = plant.expected === null ? found.find(isAlarm) : found[0];
  const told = {
    rule: first?.rule ?? null,
    function: first?.subject?.function ?? null,
    severity: first?.severity ?? null,
    share: first?.share ?? null,
    found: found.map(({ rule, subject }) => (subject === null ? rule : `${rule} ${subject.function}`)),
  };
  if (plant.expected === null) {
    return {
      ...told,
      kind: valid ? 'judged' : 'invalid',
      firstRight: valid && first === undefined,
      functionRight: null,
    };
  }
  const isAboutLoad = plant.expected.rule === 'generator-limited';
  const kind = valid || (isAboutLoad && first?.rule === 'generator-limited') ? 'judged' : 'invalid';
  const answers = [plant.expected, ...(plant.expected.also ?? [])];
  const answer = kind === 'judged' ? answers.find(({ rule }) => rule === first?.rule) : undefined;
  const wanted = (answer ?? plant.expected).functions;
  return {
    ...told,
    kind,
    firstRight: answer !== undefined,
    functionRight: wanted.length === 0 ? null : answer !== undefined && wanted.includes(told.function ?? ''),
  };
}

/** Of a healthy tracker: what tells its operator to act. A remark (`info`) does not. */
function isAlarm({ severity }: Finding): boolean {
  return severity !== 'info';
}

const severityOrder = { info: 0, warning: 1, critical: 2 } as const;

/**
 * Whether a variant's answer fits that of the plant as written. At twice the cost the finding stays first and is no
 * milder. At half the cost a critical one must still be found; a milder one may be lost.
 */
export function variantFits(plant: Plant, written: Outcome, variant: Outcome): boolean {
  if (plant.expected === null || written.severity === null) return variant.firstRight;
  if (variant.scale > 1) {
    const isMilder =
      variant.severity === null || severityOrder[variant.severity] < severityOrder[written.severity];
    return variant.firstRight && !isMilder;
  }
  const rules = [plant.expected.rule, ...(plant.expected.also ?? []).map(({ rule }) => rule)];
  const isStillFound = variant.found.some((text) => rules.some((rule) => text.split(' ')[0] === rule));
  return isStillFound || written.severity !== 'critical';
}
