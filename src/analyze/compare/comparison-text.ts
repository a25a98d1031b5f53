/** A comparison for a terminal, in aligned plain text. Pure. */

import { printable } from '../../printable.ts';
import { formatChange } from '../report/format.ts';
import { costFormat } from './comparison-markdown.ts';
import { comparisonMetrics } from './comparison-metrics.ts';
import type { Comparison, FunctionChanges, MetricComparison } from './comparison-schema.ts';
import { pText } from './judge-metrics.ts';
import { spreadWord } from './spread-word.ts';
import { verdictLine } from './verdict-line.ts';

/** Functions of each kind. */
const SHOWN = 5;
/** Columns of numbers: all but the first and the last. */
const head = ['', 'a', 'b', 'change', '95 % interval', 'p', 'δ', 'verdict'] as const;

export function comparisonLines(comparison: Comparison): string[] {
  const { sides, metrics, differences, notes, functions } = comparison;
  return [
    `a: ${sideText(sides.a)}`,
    `b: ${sideText(sides.b)}`,
    '',
    ...alignedTable([[...head], ...metrics.map(metricCells)]),
    '',
    verdictLine(comparison),
    ...differences.map(({ name, a, b, bars }) =>
      printable(`${bars ? 'Bars a verdict' : 'Differs'}: ${name}: ${a} (a), ${b} (b)`),
    ),
    ...notes.map((note) => printable(note)),
    ...functionLines('CPU per request that changed most (charged to)', functions.cpu),
    ...functionLines('Bytes per request that changed most (charged to)', functions.allocations),
  ];
}

function sideText({ label, tracker, runs }: Comparison['sides']['a']): string {
  const used = runs.filter(({ excluded }) => excluded === null).length;
  return printable(`${label} (${tracker}), ${used} of ${runs.length} runs valid`);
}

function metricCells(metric: MetricComparison): string[] {
  const { format } = comparisonMetrics[metric.metric];
  const { a, b, change, interval, mannWhitney, cliffsDelta } = metric;
  return [
    metric.label,
    a === null ? 'not measured' : format(a.median),
    b === null ? 'not measured' : format(b.median),
    change === null ? '-' : formatChange(change),
    interval === null ? '-' : `${formatChange(interval.low)} .. ${formatChange(interval.high)}`,
    mannWhitney === null ? '-' : pText(mannWhitney.pAdjusted),
    cliffsDelta === null ? '-' : cliffsDelta.toFixed(2),
    metric.verdict,
  ];
}

function functionLines(title: string, changes: FunctionChanges | null): string[] {
  if (changes === null || changes.charged.length === 0) return [];
  const format = costFormat(changes.unit);
  const rows = changes.charged
    .slice(0, SHOWN)
    .map((row) => [
      printable(`  ${row.functionName}${row.file === '' ? '' : ` ${row.file}`}`),
      format(row.a.median),
      format(row.b.median),
      `${row.change >= 0 ? '+' : '-'}${format(Math.abs(row.change))}`,
      spreadWord(row),
    ]);
  return ['', `${title}:`, ...alignedTable(rows)];
}

/** Numbers stand to the right; the first and the last column to the left. */
export function alignedTable(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === columns - 1
          ? cell.padEnd(widths[column] as number)
          : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
}
