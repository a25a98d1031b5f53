import { fittingUnit, formatMeasure, formatPercent } from './format-measure.ts';
import type { ChargedRow, TopTable } from './profile.ts';

/** Most leaves named behind a row. */
const MAX_VIA = 3;

/**
 * A table of charged costs as text, in the units and columns of {@link formatTop}: value, percent of what is not idle, then
 * the function with its file and line and the leaves through which its cost came.
 */
export function formatCharged(table: TopTable<ChargedRow>): string {
  const { unit } = table.valueType;
  const toUnit = fittingUnit(table.total, unit) || unit;
  const idle = table.rows.filter((row) => row.class === 'idle').reduce((sum, row) => sum + row.value, 0);
  const lines = [idle > 0 ? '     value value%  (of what is not idle)' : '     value value%'];
  for (const row of table.rows) {
    const value = formatMeasure(row.value, unit, toUnit).padStart(10);
    const share = row.class === 'idle' ? '-'.padStart(6) : formatPercent(row.value, table.total - idle);
    lines.push(`${value} ${share}  ${subject(row)}${via(row)}`);
  }
  if (table.omittedRows > 0) lines.push(`and ${table.omittedRows} more`);
  return `${lines.join('\n')}\n`;
}

function subject({ functionName, file, line }: ChargedRow): string {
  if (file === '') return functionName;
  return line > 0 ? `${functionName} ${file}:${line}` : `${functionName} ${file}`;
}

function via(row: ChargedRow): string {
  const [first] = row.via;
  if (first === undefined || (row.via.length === 1 && isItself(row, first.functionName))) return '';
  const shares = row.via
    .filter(({ percent }) => Math.round(percent) >= 1)
    .slice(0, MAX_VIA)
    .map(({ functionName, percent }) => `${functionName} ${Math.round(percent)}%`);
  return ` (via ${shares.join(', ')})`;
}

function isItself(row: ChargedRow, leaf: string): boolean {
  return leaf === 'self' || leaf === row.functionName;
}
