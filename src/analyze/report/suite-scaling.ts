/** How throughput grows over the runs of a suite, by the Universal Scalability Law. Pure. */
import { fitScalability } from '../scalability.ts';
import { formatCount, significant } from './format.ts';
import type { Report, ScenarioFigures, SuiteScaling } from './report-schema.ts';

/** Runs that the generator limited, that others disturbed, that were cut short or that had a fixed rate are left out, and told. */
export function suiteScaling(runs: readonly ScenarioFigures[]): SuiteScaling {
  const usedWorkers: number[] = [];
  const leftOut: { workers: number; reason: string }[] = [];
  const points = [];
  for (const { concurrency: workers, requestsPerSecond, notScaling } of runs) {
    if (notScaling !== null || requestsPerSecond === null) {
      leftOut.push({ workers, reason: notScaling ?? 'nothing was answered' });
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

/** The runs of these reports as rows of the scenario table, each out of its own report. */
export function ownFigures(reports: readonly Report[]): ScenarioFigures[] {
  return reports.flatMap(({ runId, comparison }) => comparison.runs.filter((run) => run.runId === runId));
}

/** The same in sentences, the ones behind the first indented. */
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
