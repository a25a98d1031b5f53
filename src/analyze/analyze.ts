/** The one entry of the analysis: a run's folder in, report.json, report.md and report.html in it. Deterministic. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../errors.ts';
import type { Evidence } from './evidence.ts';
import { appendHistory, historyRow, readHistory } from './history.ts';
import { loadRun, loadRunRecord } from './load-run.ts';
import { latencyCurves } from './page/latency-curves.ts';
import { renderReportPage } from './page/report-page.ts';
import { buildReport } from './report/build-report.ts';
import { scenarioFigures } from './report/comparison.ts';
import { renderMarkdown } from './report/markdown.ts';
import type { Report, ScenarioFigures } from './report/report-schema.ts';
import { readRunFile } from './run-file.ts';
import { writeWhole } from './write-whole.ts';

export interface AnalyzeOptions {
  /**
   * The history to compare with and to add this run's line to, once. Without it the history.jsonl beside the run's
   * folder is read, where there is one, and nothing is added.
   */
  readonly historyFile?: string;
}

export interface AnalyzedRun {
  readonly directory: string;
  readonly report: Report;
  readonly markdown: string;
}

/**
 * Judges a run and writes report.json, report.md and report.html into its folder, each complete or not at all.
 *
 * The runs of the same suite are looked for beside the folder; to have all of them in every report, analyse each again
 * after the last.
 *
 * @throws LabError as `loadRun`, `OUT_NOT_WRITABLE` that names the file, and `NOT_BUILT`
 */
export async function analyzeRun(directory: string, options: AnalyzeOptions = {}): Promise<AnalyzedRun> {
  const evidence = loadRun(directory);
  const historyFile = options.historyFile ?? path.join(directory, '..', 'history.jsonl');
  const history = readHistory(historyFile);
  const report = buildReport(evidence, { history, runs: suiteRuns(directory, evidence) });
  const markdown = renderMarkdown(report);
  writeWhole(path.join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeWhole(path.join(directory, 'report.md'), markdown);
  const curves = latencyCurves(evidence.run, (name) => readRunFile(directory, name).toString('utf8'));
  writeWhole(path.join(directory, 'report.html'), renderReportPage(report, evidence, curves));
  const isKnown = history.rows.some((row) => row.runId === report.runId);
  if (options.historyFile !== undefined && !isKnown) appendHistory(historyFile, historyRow(report));
  return { directory, report, markdown };
}

/** The runs of one suite by concurrency, this one among them; a folder beside it that is no run is passed over. */
function suiteRuns(directory: string, evidence: Evidence): readonly ScenarioFigures[] {
  const own = scenarioFigures(evidence);
  const { suiteId, runId } = evidence.run;
  if (suiteId === null) return [own];
  const parent = path.resolve(directory, '..');
  const siblings: ScenarioFigures[] = [];
  for (const name of readdirSync(parent).sort()) {
    const folder = path.join(parent, name);
    if (!isRunFolder(folder)) continue;
    try {
      const record = loadRunRecord(folder);
      if (record.suiteId !== suiteId || record.runId === runId) continue;
      siblings.push(scenarioFigures(loadRun(folder, { profiles: false })));
    } catch (error) {
      // A broken neighbour is told of when it is analysed itself; it must not cost this run its report.
      if (!(error instanceof LabError)) throw error;
    }
  }
  return [...siblings, own].sort((a, b) => a.concurrency - b.concurrency || (a.runId < b.runId ? -1 : 1));
}

/** A link is none: it may lead anywhere. */
function isRunFolder(folder: string): boolean {
  return (
    lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true &&
    existsSync(path.join(folder, 'run.json'))
  );
}
