/** comparison.md: what two sides differ in, as Markdown. Pure. */
import type { ProfileKind } from '../../run.ts';
import { formatChange, formatCount, significant } from '../report/format.ts';
import { bullets, escapeCell, escapeText, notMeasured, table } from '../report/markdown-text.ts';
import { comparisonMetrics } from './comparison-metrics.ts';
import type {
  ChangedFunction,
  ComparedSide,
  Comparison,
  FunctionChanges,
  MetricComparison,
} from './comparison-schema.ts';
import { pText } from './judge-metrics.ts';
import { spreadWord } from './spread-word.ts';
import { verdictLine } from './verdict-line.ts';

/** Markdown whose functions are those of a profile. */
export interface FunctionSection {
  readonly profile: Extract<ProfileKind, 'cpu' | 'allocations'>;
  readonly markdown: string;
}

/** The whole document. */
export function renderComparison(comparison: Comparison): string {
  const { a, b } = comparison.sides;
  return `${[
    `# ${comparisonTitle(comparison)}`,
    `> **${escapeText(verdictLine(comparison))}**`,
    comparisonFigures(comparison),
    ...functionSections(comparison).map(({ markdown }) => markdown),
    bullets([sideLine('a', a), sideLine('b', b)]),
  ].join('\n\n')}\n`;
}

/** `A against B`, escaped. */
function comparisonTitle({ sides: { a, b } }: Comparison): string {
  return `${escapeCell(b.label)} against ${escapeCell(a.label)}`;
}

/** The figures and what else differs; headings begin at `##`. */
export function comparisonFigures(comparison: Comparison): string {
  const { metrics, differences, notes, interleavedPairs } = comparison;
  const parts = [
    '## Figures',
    table(
      ['Figure', 'a', 'b', 'Change', '95 % interval', 'p', "Cliff's δ", 'Verdict'],
      metrics.map(metricRow),
      ['l', 'r', 'r', 'r', 'r', 'r', 'r', 'l'],
    ),
    `Medians of the clean phase, with the range of all runs. The interval is of the ratio of the medians, by bootstrap; p is that of the Mann-Whitney test, adjusted for all figures by Holm's method; δ is -1 where every run of b is below every run of a, 1 where every one is above. ${interleavedPairs} pairs of runs took turns.`,
    ...(notes.length === 0 ? [] : [bullets(notes.map((note) => escapeText(note)))]),
  ];
  if (differences.length > 0) {
    parts.push(
      '## What else differs',
      table(
        ['What', 'a', 'b', 'Bars a verdict'],
        differences.map((one) => [
          escapeText(one.name),
          escapeCell(one.a),
          escapeCell(one.b),
          one.bars ? 'yes' : 'no',
        ]),
      ),
    );
  }
  return parts.join('\n\n');
}

/** The functions that changed, by the profile that tells of them; headings begin at `##`. */
export function functionSections({ functions }: Comparison): FunctionSection[] {
  const section = (
    profile: FunctionSection['profile'],
    heading: string,
    tables: string[],
  ): FunctionSection => ({
    profile,
    markdown: [heading, ...tables].join('\n\n'),
  });
  return [
    section('cpu', '## Functions: CPU per request', functionTables(functions.cpu, 'CPU')),
    section(
      'allocations',
      '## Functions: bytes allocated per request',
      functionTables(functions.allocations, 'allocation'),
    ),
  ];
}

function metricRow(metric: MetricComparison): string[] {
  const { format } = comparisonMetrics[metric.metric];
  const none = notMeasured('a side has no run with it');
  const spread = (side: MetricComparison['a']): string =>
    side === null ? none : `${format(side.median)} (${format(side.min)} to ${format(side.max)})`;
  const { interval, mannWhitney, cliffsDelta, change } = metric;
  const few = '- (too few runs)';
  return [
    metric.label,
    spread(metric.a),
    spread(metric.b),
    change === null ? none : formatChange(change),
    interval === null ? few : `${formatChange(interval.low)} to ${formatChange(interval.high)}`,
    mannWhitney === null ? few : pText(mannWhitney.pAdjusted),
    cliffsDelta === null ? few : cliffsDelta.toFixed(2),
    `${metric.verdict === 'better' || metric.verdict === 'worse' ? `**${metric.verdict}**` : metric.verdict} (${escapeText(metric.reason)})`,
  ];
}

function functionTables(changes: FunctionChanges | null, profile: string): string[] {
  if (changes === null) return [`Not measured: a side has no run with a ${profile} profile.`];
  const { runs } = changes;
  return [
    `Medians of ${formatCount(runs.a)} and ${formatCount(runs.b)} profiles, with their range. \`apart\`: of four runs a side or more, none of one is within the range of the other; the rest may be chance.`,
    '### Charged to the nearest application function',
    functionTable(changes, changes.charged),
    '### Of the function itself',
    functionTable(changes, changes.self),
  ];
}

function functionTable({ unit }: FunctionChanges, rows: readonly ChangedFunction[]): string {
  if (rows.length === 0) return 'No function changed by more than 0.2 % of the whole.';
  const format = costFormat(unit);
  return table(
    ['Change', 'a', 'b', 'Function', 'File', 'Spread'],
    rows.map((row) => [
      `${row.change >= 0 ? '+' : '-'}${format(Math.abs(row.change))}${row.changeShare === null ? ' (new)' : ` (${formatChange(row.changeShare)})`}`,
      `${format(row.a.median)} (${format(row.a.min)} to ${format(row.a.max)})`,
      `${format(row.b.median)} (${format(row.b.min)} to ${format(row.b.max)})`,
      escapeCell(row.functionName),
      row.file === '' ? '- (runtime)' : escapeCell(row.file),
      spreadWord(row),
    ]),
    ['r', 'r', 'r', 'l', 'l', 'l'],
  );
}

/** How a cost per request is printed. */
export function costFormat(unit: FunctionChanges['unit']): (value: number) => string {
  return (value) => `${significant(value)} ${unit === 'nanoseconds' ? 'ns' : 'B'}`;
}

function sideLine(name: 'a' | 'b', { label, tracker, runs }: ComparedSide): string {
  const list = runs.map(
    ({ runId, excluded }) => `${escapeCell(runId)}${excluded === null ? '' : ' (left out)'}`,
  );
  return `**${name}**: ${escapeCell(label)} (${escapeCell(tracker)}): ${list.join(', ')}`;
}
