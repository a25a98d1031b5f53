import { scenarioRows } from '../../thresholds.ts';
import { formatCount, formatDuration, formatLatency, formatRate } from '../format.ts';
import {
  assessmentRows,
  bullets,
  escapeText,
  figure,
  notMeasured,
  statusCell,
  table,
} from '../markdown-text.ts';
import type { Report, ScenarioFigures } from '../report-schema.ts';
import { scalingLines } from '../suite-scaling.ts';

const purposes: Readonly<Record<(typeof scenarioRows)[number]['name'], string>> = {
  light: 'the baseline: the best latency that this tracker has',
  medium: 'an everyday load, good to compare versions with',
  heavy: 'enough workers to keep the tracker busy, so that its bottleneck shows',
  stress: 'past the limit: what is lost, and how it recovers',
};

/** Comparative Results: the scenarios of the suite side by side. */
export function comparisonSection(report: Report): string {
  const { runs, scaling, law } = report.comparison;
  const rows = scenarioRows.map((row) => {
    const run = runs.find((one) => one.scenario === row.name);
    return run === undefined ? unmeasuredRow(row, runs) : measuredRow(row.title, run);
  });
  for (const run of runs.filter((one) => !scenarioRows.some((row) => row.name === one.scenario)))
    rows.push(measuredRow(run.scenario, run));
  return [
    '## Comparative Results',
    '### Load Test Scenarios',
    table(['Scenario', 'Concurrency', 'Duration', 'RPS', 'P95 Latency', 'Status'], rows, [
      'l',
      'r',
      'r',
      'r',
      'r',
      'l',
    ]),
    `**Scenarios:**\n\n${bullets(scenarioRows.map((row) => `**${row.title}**: ${purposes[row.name]}.`))}`,
    '**Scaling:**',
    table(['Expected', 'Holds', 'Observed'], assessmentRows(scaling)),
    ...(law === null ? [] : [bullets(scalingLines(law).map((line) => escapeText(line.trim())))]),
  ].join('\n\n');
}

function measuredRow(title: string, run: ScenarioFigures): string[] {
  return [
    title,
    formatCount(run.concurrency),
    formatDuration(run.durationMs),
    figure(run.requestsPerSecond, formatRate, 'the run has no clean phase'),
    figure(run.p95Ns, formatLatency, 'nothing was answered'),
    statusCell(run.status),
  ];
}

function unmeasuredRow(row: (typeof scenarioRows)[number], runs: readonly ScenarioFigures[]): string[] {
  const ran = runs.map((run) => run.scenario).join(', ');
  return [
    row.title,
    formatCount(row.concurrency),
    formatDuration(row.durationMs),
    notMeasured(`only ${ran} ran`),
    notMeasured(`only ${ran} ran`),
    '- (not measured)',
  ];
}
