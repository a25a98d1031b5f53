/** The history for a terminal and as Markdown. Pure. */

import { plural } from '../../plural.ts';
import { printable } from '../../printable.ts';
import { alignedTable } from '../compare/comparison-text.ts';
import { pText } from '../compare/judge-metrics.ts';
import {
  formatChange,
  formatCount,
  formatLatency,
  formatRate,
  formatShare,
  significant,
} from '../report/format.ts';
import { assessmentRows, bullets, escapeCell, escapeText, table } from '../report/markdown-text.ts';
import type { HistoryRow } from '../report/report-schema.ts';
import { isOtherEnvironment } from '../same-environment.ts';
import type { FigureChange, HistoryGroup, TrendFigure } from './history-schema.ts';

const figures: Readonly<
  Record<TrendFigure, { readonly label: string; readonly format: (value: number) => string }>
> = {
  requestsPerSecond: { label: 'RPS', format: formatRate },
  p95Ns: { label: 'P95', format: formatLatency },
  cpuMicrosecondsPerRequest: { label: 'CPU per request', format: (value) => `${significant(value)} µs` },
};

const head = ['Date', 'Version', 'RPS', 'P95', 'CPU/request', 'Errors', 'Notes'] as const;

const versionHead = ['Version', 'Runs', 'Last run', 'RPS', 'P95', 'CPU/request'] as const;

/** @param most - newest rows of each group */
export function historyLines(groups: readonly HistoryGroup[], most: number): string[] {
  return groups.flatMap((group) => {
    const shown = group.rows.slice(-most);
    return [
      printable(titleOf(group)),
      ...alignedTable([[...head], ...shown.map((row) => rowCells(row, group))]).map(
        (line) => `  ${printable(line)}`,
      ),
      ...(shown.length < group.rows.length
        ? [`  ${group.rows.length - shown.length} earlier runs are not shown`]
        : []),
      ...versionLines(group),
      ...group.changes.map((change) => `  Changed: ${printable(changeText(change))}`),
      ...group.trends.map(({ statement, answer, observed }) =>
        printable(`  ${answer === 'unknown' ? 'cannot be told' : answer}: ${statement} (${observed})`),
      ),
      '',
    ];
  });
}

export function historyMarkdown(groups: readonly HistoryGroup[], most: number): string {
  const parts = groups.flatMap((group) => [
    `## ${escapeText(titleOf(group))}`,
    table(
      head,
      group.rows.slice(-most).map((row) => rowCells(row, group).map((cell) => escapeCell(cell))),
      ['l', 'l', 'r', 'r', 'r', 'r', 'l'],
    ),
    ...(group.versions.length < 2
      ? []
      : [
          '**By version** (medians of valid runs on one machine):',
          table(
            versionHead,
            versionRows(group).map((cells) => cells.map((cell) => escapeCell(cell))),
            ['l', 'r', 'l', 'r', 'r', 'r'],
          ),
        ]),
    ...(group.changes.length === 0
      ? []
      : ['**Changes:**', bullets(group.changes.map((change) => escapeText(changeText(change))))]),
    '**Trends to Watch:**',
    table(['Should be', 'Is it', 'Observed'], assessmentRows(group.trends)),
  ]);
  return `${['# History', ...parts].join('\n\n')}\n`;
}

/** Nothing of a tracker with one version. */
function versionLines(group: HistoryGroup): string[] {
  if (group.versions.length < 2) return [];
  return [
    '  By version (medians of valid runs on one machine):',
    // A column of text last, so that all between are numbers.
    ...alignedTable([[...versionHead, ''], ...versionRows(group).map((row) => [...row, ''])]).map(
      (line) => `    ${printable(line)}`,
    ),
  ];
}

/** Each figure with its change against the version before. */
function versionRows({ versions }: HistoryGroup): string[][] {
  return versions.map((one, index) => {
    const cell = (figure: TrendFigure): string => {
      const value = one[figure];
      const before = versions[index - 1]?.[figure] ?? null;
      if (value === null) return 'not measured';
      const change = before === null || before === 0 ? '' : ` (${formatChange(value / before - 1)})`;
      return `${figures[figure].format(value)}${change}`;
    };
    return [
      one.trackerVersion ?? 'not told',
      formatCount(one.runs),
      one.lastStartedAt.slice(0, 10),
      cell('requestsPerSecond'),
      cell('p95Ns'),
      cell('cpuMicrosecondsPerRequest'),
    ];
  });
}

/** Not escaped. */
export function changeText({
  figure,
  startedAt,
  runId,
  trackerVersion,
  before,
  after,
  p,
}: FigureChange): string {
  const { label, format } = figures[figure];
  const version = trackerVersion === null ? '' : `, version ${trackerVersion}`;
  return `${label} from ${format(before)} to ${format(after)} (${formatChange(after / before - 1)}) with the run of ${startedAt.slice(0, 16).replace('T', ' ')} (${runId}${version}; p ${pText(p)})`;
}

function titleOf({ scenario, concurrency, ratePerSecond, trackerName, rows }: HistoryGroup): string {
  const load = ratePerSecond === 0 ? 'closed loop' : `${formatCount(ratePerSecond)} req/s`;
  const threads = rows.at(-1)?.trackerWorkers ?? 1;
  const tracker = threads === 1 ? trackerName : `${trackerName} (${threads} threads)`;
  return `${scenario} (${formatCount(concurrency)} workers, ${load}) on ${tracker}: ${plural(rows.length, 'run')}`;
}

function rowCells(row: HistoryRow, { rows, changes }: HistoryGroup): string[] {
  const shown = (value: number | null, format: (value: number) => string): string =>
    value === null ? 'not measured' : format(value);
  const before = rows[rows.indexOf(row) - 1];
  const notes: string[] = [];
  if (!row.valid) notes.push('invalid');
  if (row.partial) notes.push('partial');
  if (before !== undefined && isOtherEnvironment(row, before)) notes.push('environment changed');
  const changed = changes.filter(({ runId }) => runId === row.runId);
  if (changed.length > 0) {
    notes.push(`change of ${changed.map(({ figure }) => figures[figure].label).join(', ')}`);
  }
  return [
    row.startedAt.slice(0, 16).replace('T', ' '),
    row.trackerVersion ?? 'not told',
    shown(row.requestsPerSecond, formatRate),
    shown(row.p95Ns, formatLatency),
    shown(row.cpuMicrosecondsPerRequest, figures.cpuMicrosecondsPerRequest.format),
    shown(row.errorShare, formatShare),
    notes.length === 0 ? '-' : notes.join(', '),
  ];
}
