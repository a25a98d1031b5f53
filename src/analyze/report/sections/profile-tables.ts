import { fittingUnit, formatMeasure, formatPercent } from '../../profile/format-measure.ts';
import { formatCount, formatDuration, significant } from '../format.ts';
import { escapeCell, escapeText, table } from '../markdown-text.ts';
import type { TopPair } from '../report-schema.ts';

/**
 * Both top tables of a profile, under a sentence on what it is.
 *
 * @param title - what is ranked, for example `Top 10 functions by CPU time`
 */
export function pairText(pair: TopPair, title: string): string {
  const { profile, raw, charged } = pair;
  const { unit } = raw.valueType;
  const value = (amount: number): string => formatMeasure(amount, unit, fittingUnit(amount, unit));
  const head = `${title}: ${value(raw.total)} (${escapeText(raw.valueType.type)})${captured(profile)}, by ${escapeText(profile.source)}. File: ${escapeText(profile.file)}.`;
  if (raw.rows.length === 0) return `${head}\n\nThe profile holds no sample.`;
  const rawRows = raw.rows.map((row) => [
    value(row.flat),
    formatPercent(row.flatPercent, 100).trim(),
    formatPercent(row.sumPercent, 100).trim(),
    value(row.cum),
    formatPercent(row.cumPercent, 100).trim(),
    escapeCell(row.functionName),
    place(row),
  ]);
  const idle = charged.rows.filter((row) => row.class === 'idle').reduce((sum, row) => sum + row.value, 0);
  const chargedRows = charged.rows.map((row) => [
    value(row.value),
    row.class === 'idle' ? '-' : formatPercent(row.value, charged.total - idle).trim(),
    escapeCell(row.functionName),
    place(row),
    row.class,
    through(row),
  ]);
  return [
    head,
    `**Raw, the functions and percentages of \`go tool pprof -top\` in handier units${idle > 0 ? ', idle time included' : ''}:**`,
    table(['flat', 'flat%', 'sum%', 'cum', 'cum%', 'Function', 'File'], rawRows, [
      'r',
      'r',
      'r',
      'r',
      'r',
      'l',
      'l',
    ]),
    left(raw.omittedRows),
    `**Charged to the nearest application function**${idle > 0 ? ', shares without idle time' : ''} (what has none, such as garbage collection, has rows of its own):`,
    table(['Cost', 'Share', 'Function', 'File', 'Class', 'Through'], chargedRows, [
      'r',
      'r',
      'l',
      'l',
      'l',
      'l',
    ]),
    left(charged.omittedRows),
  ].join('\n\n');
}

/** Leaves of half a percent and more. */
function through({ via }: TopPair['charged']['rows'][number]): string {
  const shown = via.filter((leaf) => Math.round(leaf.percent) >= 1);
  return (
    shown.map((leaf) => `${escapeCell(leaf.functionName)} ${Math.round(leaf.percent)} %`).join(', ') ||
    '- (itself)'
  );
}

/** Shorter than what can be printed is the time that a snapshot took, and no span of profiling. */
const LEAST_SPAN_NS = 1e6;

/** When, of how many threads and how often. A goroutine profile is of one moment. */
function captured(profile: TopPair['profile']): string {
  const phase = `the ${profile.phase} phase`;
  const when =
    profile.kind === 'goroutine' || profile.durationNs < LEAST_SPAN_NS
      ? ` in ${phase}`
      : ` in ${formatDuration(profile.durationNs / 1e6)} of ${phase}`;
  const { length } = profile.threads;
  const threads = length === 0 ? '' : length === 1 ? ', 1 thread' : `, ${length} threads`;
  const { interval } = profile;
  if (interval === null) return `${when}${threads}`;
  return `${when}${threads}, one sample every ${significant(interval.value)} ${interval.unit}`;
}

function left(count: number): string {
  return count === 0
    ? 'No further row.'
    : `${formatCount(count)} further ${count === 1 ? 'row is' : 'rows are'} left out.`;
}

function place(row: { readonly file: string; readonly line: number; readonly class: string }): string {
  if (row.file === '') return `- (${row.class})`;
  return escapeCell(row.line === 0 ? row.file : `${row.file}:${row.line}`);
}
