/** The results of thresholds for a terminal and for GitHub. Pure. */

import { formatLatency, formatRate, formatShare } from '../report/format.ts';
import { escapeText, table } from '../report/markdown-text.ts';
import { printable } from '../report/printable.ts';
import type { Report } from '../report/report-schema.ts';
import { invalidReason } from '../validity.ts';
import type { ThresholdResult } from './check-thresholds.ts';

/** A line a threshold. */
export function thresholdLines(results: readonly ThresholdResult[]): string[] {
  return results.map(({ threshold, passed, observed }) =>
    printable(`${passed ? 'passed' : 'FAILED'}  ${threshold}  (${observed})`),
  );
}

/** What a job's summary says of a run. */
export function jobSummary(report: Report, results: readonly ThresholdResult[]): string {
  const { clean } = report.phases;
  const none = 'not measured';
  const figures = [
    ['Requests/second', clean?.requestsPerSecond == null ? none : formatRate(clean.requestsPerSecond)],
    ['Success', clean?.successShare == null ? none : formatShare(clean.successShare)],
    ['P50', clean?.latency == null ? none : formatLatency(clean.latency.p50Ns)],
    ['P95', clean?.latency == null ? none : formatLatency(clean.latency.p95Ns)],
    ['P99', clean?.latency == null ? none : formatLatency(clean.latency.p99Ns)],
  ];
  const finding = report.findings.find(({ verdict }) => verdict === 'found');
  const invalid = invalidReason(report.validity.checks);
  return [
    `## ${escapeText(report.scenario.name)} on ${escapeText(report.target.name)}: ${report.valid ? (report.statuses.overall.tier ?? 'no status') : 'invalid'}`,
    ...(invalid === null ? [] : [`The run is invalid: ${escapeText(invalid)}.`]),
    table(['Figure', 'Value'], figures, ['l', 'r']),
    ...(results.length === 0
      ? []
      : [
          table(
            ['Threshold', 'Result', 'Observed'],
            results.map(({ threshold, passed, observed }) => [
              escapeText(threshold),
              passed ? 'passed' : '**failed**',
              escapeText(observed),
            ]),
          ),
        ]),
    ...(finding === undefined ? [] : [`First cause: ${escapeText(finding.summary)}`]),
  ].join('\n\n');
}

/**
 * Workflow commands that mark what failed.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotations(report: Report, results: readonly ThresholdResult[]): string[] {
  const where = `${report.scenario.name} on ${report.target.name}`;
  const invalid = invalidReason(report.validity.checks);
  return [
    ...(invalid === null ? [] : [annotation('error', 'Invalid run', `${where}: ${invalid}`)]),
    ...results
      .filter(({ passed }) => !passed)
      .map(({ threshold, observed }) =>
        annotation('error', `Threshold ${threshold} failed`, `${where}: ${observed}`),
      ),
  ];
}

/** One line, whatever the texts hold: a line break in a name must not begin a command of its own. */
function annotation(level: 'error', title: string, message: string): string {
  const data = printable(message).replaceAll('%', '%25');
  const property = printable(title).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::${level} title=${property}::${data}`;
}
