import { printable } from '../../printable.ts';
import { formatCount, formatLatency, formatRate, formatShare } from './format.ts';
import type { Report } from './report-schema.ts';

const head = ['Scenario', 'Workers', 'RPS', 'P95', 'Success', 'Status'] as const;
/** Columns of numbers. */
const rightFrom = 1;
const rightTo = 4;

/** The runs of a suite as a table in aligned plain text, a row a run in the order in which they are given. Pure. */
export function summarizeSuite(reports: readonly Report[]): string[] {
  const rows = reports.map(rowOf);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] as string).length)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column >= rightFrom && column <= rightTo ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function rowOf(report: Report): string[] {
  const { clean } = report.phases;
  const shown = <T>(value: T | null | undefined, format: (value: T) => string): string =>
    value === null || value === undefined ? 'not measured' : format(value);
  return [
    printable(report.scenario.name),
    formatCount(report.scenario.concurrency),
    shown(clean?.requestsPerSecond, formatRate),
    shown(clean?.latency?.p95Ns, formatLatency),
    shown(clean?.successShare, formatShare),
    statusOf(report),
  ];
}

function statusOf({ valid, partial, statuses }: Report): string {
  const tier = valid ? (statuses.overall.tier ?? '-') : '- (invalid)';
  return partial === null ? tier : `${tier} (partial)`;
}
