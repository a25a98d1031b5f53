/** What a report holds, as checks that pass or fail: what CI systems want to hear. */
import type { Report } from '../report/report-schema.ts';

/** One thing that was checked. Texts are hostile. */
export interface Check {
  /** `validity`, `threshold` or `finding`. */
  readonly group: string;
  readonly name: string;
  /** `warned`: worth a look, and no failure. */
  readonly outcome: 'passed' | 'failed' | 'warned' | 'not measured';
  /** One sentence with the figures. */
  readonly message: string;
  /** Source file and 1-based line of what is to blame; null where it is not known. */
  readonly at: { readonly file: string; readonly line: number | null } | null;
}

/**
 * The checks of a run's validity, then `more` (for example thresholds), then the rules. A run that is invalid fails; a
 * bottleneck that a rule has found is a warning, for every tracker has one.
 */
export function checksOf(report: Report, more: readonly Check[] = []): Check[] {
  const validity = report.validity.checks.map(
    ({ check, verdict, reason }): Check => ({
      group: 'validity',
      name: check,
      outcome:
        verdict === 'invalid'
          ? 'failed'
          : verdict === 'ok'
            ? 'passed'
            : verdict === 'changed'
              ? 'warned'
              : 'not measured',
      message: reason,
      at: null,
    }),
  );
  const findings = report.findings.map(({ rule, verdict, summary, subject }): Check => {
    const outcome = verdict === 'found' ? 'warned' : verdict === 'clear' ? 'passed' : 'not measured';
    const file = subject?.file ?? null;
    return {
      group: 'finding',
      name: rule,
      outcome,
      message: summary,
      at: verdict !== 'found' || file === null ? null : { file, line: subject?.line ?? null },
    };
  });
  return [...validity, ...more, ...findings];
}
