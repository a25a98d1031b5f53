/** How throughput grows over the runs of a suite, by the Universal Scalability Law. Pure. */
import { fitScalability, type ScalabilityFit } from '../scalability.ts';
import { formatCount, significant } from './format.ts';
import type { Report } from './report-schema.ts';

/** The law over the runs of a suite that say something of the tracker. */
export interface SuiteScaling {
  /** Null where it was not fitted. */
  readonly fit: ScalabilityFit | null;
  /** Why it was not; null where it was. */
  readonly reason: string | null;
  /** Workers of the runs that it is fitted to, and of those left out with the reason. */
  readonly usedWorkers: readonly number[];
  readonly leftOut: readonly { readonly workers: number; readonly reason: string }[];
}

/** Runs that the generator limited, that others disturbed, that were cut short or that had a fixed rate are left out, and told. */
export function suiteScaling(reports: readonly Report[]): SuiteScaling {
  const usedWorkers: number[] = [];
  const leftOut: { workers: number; reason: string }[] = [];
  const points = [];
  for (const report of reports) {
    const workers = report.scenario.concurrency;
    const requestsPerSecond = report.phases.clean?.requestsPerSecond ?? null;
    const reason = whyNot(report);
    if (reason !== null || requestsPerSecond === null) {
      leftOut.push({ workers, reason: reason ?? 'nothing was answered' });
      continue;
    }
    usedWorkers.push(workers);
    points.push({ workers, requestsPerSecond });
  }
  const answer = fitScalability(points);
  return answer.ok
    ? { fit: answer.fit, reason: null, usedWorkers, leftOut }
    : { fit: null, reason: answer.reason, usedWorkers, leftOut };
}

function whyNot(report: Report): string | null {
  if (report.scenario.ratePerSecond > 0) return 'its rate was fixed';
  if (report.partial !== null) return 'it was cut short';
  if (report.valid) return null;
  const isGenerator = report.findings.some(
    (finding) => finding.rule === 'generator-limited' && finding.verdict === 'found',
  );
  return isGenerator ? 'the generator was the limit' : 'the run is invalid';
}

/** The same in sentences. */
export function scalingLines({ fit, reason, leftOut }: SuiteScaling): string[] {
  const omitted = leftOut.map(
    ({ workers, reason: why }) => `  Left out: ${formatCount(workers)} workers, ${why}.`,
  );
  if (fit === null) return [`Scaling: not fitted, ${reason ?? 'no reason is known'}.`, ...omitted];
  const peak =
    fit.peakWorkers === null
      ? 'no peak: it only levels off'
      : `a peak at ${formatCount(Math.max(1, Math.round(fit.peakWorkers)))} workers`;
  const worst = Math.max(...fit.residuals.map(Math.abs));
  return [
    `Scaling by the Universal Scalability Law: contention σ ${significant(fit.sigma)}, coherence κ ${significant(fit.kappa)}, ${peak}; one worker alone ${formatCount(Math.round(fit.lambda))} requests a second.`,
    `  It explains ${(fit.rSquared * 100).toFixed(1)} % of the variance; the worst run is ${(worst * 100).toFixed(1)} % off.`,
    ...omitted,
  ];
}
