import { formatLatency, formatRatio, formatShare, significant } from '../format.ts';
import { escapeCell, escapeText, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

type WhenSlow = NonNullable<Report['whenSlow']>;

/** The part of the analysis that compares the slices of time with the worst P99 with the others. */
export function whenSlowSection({ whenSlow, valid }: Report): string {
  const parts = ['### What is different when it is slow'];
  if (!valid)
    parts.push('The run is invalid: when the tracker was slow cannot be told from when the generator was.');
  else if (whenSlow === null) parts.push('Not measured: the report is of an older version.');
  else parts.push(escapeText(whenSlow.reason), ...details(whenSlow));
  return parts.join('\n\n');
}

function details({ slices, functions, conditions, testedFunctions, profile }: WhenSlow): string[] {
  const parts: string[] = [];
  if (slices !== null && slices.slowNsP99 !== null && slices.otherNsP99 !== null) {
    parts.push(
      `P99 there: ${formatLatency(slices.slowNsP99)}, otherwise ${formatLatency(slices.otherNsP99)} (medians of the slices, profiled phase; ${slices.episodes} separate times).`,
    );
  }
  if (functions.length > 0) {
    const rows = functions.map((row) => [
      escapeCell(row.functionName),
      row.file === '' ? '-' : escapeCell(row.line > 0 ? `${row.file}:${row.line}` : row.file),
      formatShare(row.slowShare),
      formatShare(row.otherShare),
      formatRatio(row.lift, row.liftLow, row.liftHigh),
    ]);
    const head = ['Function, with what it calls', 'Where', 'When slow', 'Otherwise', 'Lift (interval)'];
    parts.push(table(head, rows, ['l', 'l', 'r', 'r', 'r']));
  } else if (testedFunctions > 0) {
    parts.push(
      `None of ${testedFunctions} functions has a larger share of the CPU samples there, beyond chance.`,
    );
  }
  if (conditions.length > 0) {
    const rows = conditions.map((row) => [
      escapeCell(row.name),
      `${significant(row.slow)} ${row.unit}`,
      `${significant(row.other)} ${row.unit}`,
      formatRatio(row.ratio, row.ratioLow, row.ratioHigh),
      row.differs ? '**yes**' : 'no',
    ]);
    const head = ['Condition', 'When slow', 'Otherwise', 'Ratio (interval)', 'Differs'];
    parts.push(table(head, rows, ['l', 'r', 'r', 'r', 'l']));
  }
  if (functions.length > 0 || conditions.length > 0) {
    const from = profile === null ? '' : `Shares are of the samples of ${escapeCell(profile)}. `;
    parts.push(
      `${from}The intervals of a table hold together at 95 %. Conditions are read four times a second, so theirs is a weaker contrast than that of the functions. More frequent when slow is not yet the cause: a stall is where to look first.`,
    );
  }
  return parts;
}
