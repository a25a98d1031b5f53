/** Figures and timeline as one table, a value a row (RFC 4180). */
import type { TimelineRow } from '../../run.ts';
import type { Report } from '../report/report-schema.ts';

const columns = ['section', 'phase', 'at_ms', 'metric', 'value', 'unit'] as const;
type Cell = string | number | null;

/**
 * A table in long form, which every spreadsheet and data frame can turn: `figure` rows are of a whole phase, `timeline`
 * rows of one moment on the run's clock. A value that was not measured is an empty cell. Lines end in CR LF.
 *
 * Texts that a spreadsheet would take for a formula begin with an apostrophe.
 */
export function csvTable(report: Report, timeline: readonly TimelineRow[]): string {
  const rows: (readonly Cell[])[] = [columns];
  for (const figures of [report.phases.warmUp, report.phases.clean, report.phases.profiled]) {
    if (figures === null) continue;
    for (const [metric, value] of flatten(figures, '')) {
      if (metric !== 'phase') rows.push(['figure', figures.phase, null, metric, value, unitOf(metric)]);
    }
  }
  for (const row of timeline) {
    const phase = row.kind === 'load' ? row.phase : null;
    for (const [metric, value] of flatten(row, '')) {
      if (metric === 'kind' || metric === 'atMs' || metric === 'phase') continue;
      rows.push(['timeline', phase, row.atMs, `${row.kind}.${metric}`, value, unitOf(metric)]);
    }
  }
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/** Every plain value below an object with its path, `operations.announce.sent`. */
function flatten(value: unknown, path: string): [string, Cell][] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) =>
      flatten(inner, path === '' ? name : `${path}.${name}`),
    );
  }
  if (typeof value === 'boolean') return [[path, String(value)]];
  return [[path, typeof value === 'number' || typeof value === 'string' ? value : null]];
}

const units: readonly (readonly [RegExp, string])[] = [
  [/Ns(?:P\d+|Max|Median|P\d+Median)?$|\.(?:min|mean|p\d+|max)Ns$/, 'ns'],
  [/Ms(?:ByKind\.\w+)?$|\.ms$/, 'ms'],
  [/Bytes(?:Max|First|Last)?$/, 'bytes'],
  [/Microseconds/, 'us'],
  [/PerSecond$/, '1/s'],
  [/Share$|Utilization(?:Mean)?$/, 'share'],
];

/** By the end of its name; empty for a count. */
function unitOf(metric: string): string {
  return units.find(([pattern]) => pattern.test(metric))?.[1] ?? '';
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  // What a spreadsheet takes for the begin of a formula.
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
