import { fittingUnit, formatMeasure, formatPercent } from './format-measure.ts';
import type { ChargedRow, TopTable } from './profile.ts';

/** Leaves told of a row. */
const TOLD_LEAVES = 3;

/** A charged table as text, columns aligned as in a top table, each line ended. */
export function formatCharged(table: TopTable<ChargedRow>): string {
  const { unit } = table.valueType;
  const lines = table.rows.map((row) => {
    const cost = formatMeasure(row.value, unit, fittingUnit(row.value, unit)).padStart(10);
    const place = row.file === '' ? `(${row.class})` : `${row.file}${row.line === 0 ? '' : `:${row.line}`}`;
    const via = row.via
      .slice(0, TOLD_LEAVES)
      .map((leaf) => `${leaf.functionName} ${Math.round(leaf.percent)}%`)
      .join(', ');
    return `${cost} ${formatPercent(row.percent, 100)}  ${row.functionName} ${place}${via === '' ? '' : ` through ${via}`}`;
  });
  return ['Charged to the nearest application function:', '      cost  share', ...lines, ''].join('\n');
}
