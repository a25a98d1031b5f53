import { loadRun } from './load-run.ts';
import { buildReport } from './report/build-report.ts';
import type { Report } from './report/report-schema.ts';

/**
 * The report of a run, without its history and its suite, and without writing anything: to take figures from.
 *
 * @throws LabError as `loadRun`
 */
export function reportOf(directory: string): Report {
  return buildReport(loadRun(directory), { history: { rows: [], brokenLines: 0 }, runs: [] });
}
