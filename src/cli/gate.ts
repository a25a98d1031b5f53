/** Holds analysed runs against the thresholds, and tells a terminal, the run's folder and GitHub of it. */
import path from 'node:path';
import type { Writable } from 'node:stream';
import type { AnalyzedRun } from '../analyze/analyze.ts';
import type { Baseline } from '../analyze/gate/check-thresholds.ts';
import { LabError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { findSide } from './find-side.ts';
import type { GateFlags } from './gate-flags.ts';
import { writeStepSummary } from './step-summary.ts';

export interface GateOptions {
  readonly flags: GateFlags;
  /** Root of the runs: where a baseline and the history are. */
  readonly out: string;
  readonly context: CliContext;
  /** For a line a threshold. */
  readonly output: Writable;
}

/**
 * Writes `thresholds.json` beside each report where there are thresholds; in a GitHub job the summary and, of what failed,
 * annotations on stderr.
 *
 * @returns whether all thresholds hold in all runs
 * @throws LabError `NO_SUCH_RUN`, `BAD_BASELINE`, `OUT_NOT_WRITABLE`
 */
export async function applyGate(analyzed: readonly AnalyzedRun[], options: GateOptions): Promise<boolean> {
  const { flags, context, output } = options;
  const isGitHub = context.env['GITHUB_ACTIONS'] === 'true';
  const thresholds = flags.threshold;
  if (thresholds.length === 0 && !isGitHub && context.env['GITHUB_STEP_SUMMARY'] === undefined) return true;
  const { checkThresholds } = await import('../analyze/gate/check-thresholds.ts');
  const { thresholdLines } = await import('../analyze/gate/threshold-text.ts');
  const { checksOf } = await import('../analyze/export/check-list.ts');
  const { githubAnnotations, githubSummary } = await import('../analyze/export/github-actions.ts');
  const { checksOfThresholds } = await import('../analyze/export/threshold-checks.ts');
  const { writeWhole } = await import('../analyze/write-whole.ts');
  const baseline = await readBaseline(options);
  let passed = true;
  for (const { report, directory } of analyzed) {
    const document = checkThresholds(thresholds, report, baseline);
    if (thresholds.length > 0) {
      writeWhole(path.join(directory, 'thresholds.json'), `${JSON.stringify(document, null, 2)}\n`);
      output.write(analyzed.length > 1 ? `Thresholds of ${report.scenario.name}:\n` : 'Thresholds:\n');
      for (const line of thresholdLines(document.results)) output.write(`  ${line}\n`);
    }
    const checks = checksOf(report, checksOfThresholds(document.results));
    writeStepSummary(context, githubSummary(report, checks));
    if (isGitHub) {
      // A bottleneck that every tracker has is for the summary: a mark on each push would soon be passed over.
      const failed = checks.filter(({ outcome }) => outcome === 'failed');
      context.stderr.write(githubAnnotations(report, failed));
    }
    passed &&= document.passed;
  }
  return passed;
}

async function readBaseline({ flags, out, context }: GateOptions): Promise<Baseline> {
  const run = flags.baseline;
  if (run === undefined) {
    const { readHistory } = await import('../analyze/history.ts');
    return { kind: 'history', history: readHistory(path.join(out, 'history.jsonl')) };
  }
  const { directories } = findSide(run, out, context.cwd);
  const [directory, another] = directories;
  if (directory === undefined || another !== undefined) {
    throw new LabError({
      code: 'BAD_BASELINE',
      message: `expected --baseline to name one run, found ${directories.length}`,
      hint: "pass a run's id or its folder",
    });
  }
  const { reportOf } = await import('../analyze/report-of.ts');
  return { kind: 'run', report: reportOf(directory) };
}
