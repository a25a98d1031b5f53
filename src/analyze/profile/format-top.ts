/**
 * A top table as text, laid out as `go tool pprof -top` does. Of pprof's header, the lines that tell of the program's
 * file are left out: the lab's model of a profile does not hold it.
 */
import { fittingUnit, formatMeasure, formatPercent, toNanoseconds } from './format-measure.ts';
import { NODE_FRACTION, type PprofTop, topRowName } from './top-table.ts';

/** Header and rows, each line ended. Times of day are in UTC. */
export function formatTop(top: PprofTop): string {
  const { valueType, total } = top;
  const toUnit = outputUnit(top);
  const format = (value: number): string =>
    formatMeasure(value, valueType.unit, toUnit ?? fittingUnit(value, valueType.unit));

  const lines = headerLines(top, format);
  lines.push('      flat  flat%   sum%        cum   cum%');
  let flatSum = 0;
  for (const [index, row] of top.rows.entries()) {
    flatSum += row.flat;
    const inline = top.inlineLabels[index] ?? '';
    lines.push(
      [
        format(row.flat).padStart(10),
        formatPercent(row.flat, total),
        formatPercent(flatSum, total),
        format(row.cum).padStart(10),
        formatPercent(row.cum, total),
        ` ${topRowName(row, top.granularity)}${inline === '' ? '' : ` ${inline}`}`,
      ].join(' '),
    );
  }
  return `${lines.join('\n')}\n`;
}

function headerLines(top: PprofTop, format: (value: number) => string): string[] {
  const { valueType, total } = top;
  const lines: string[] = [];
  if (valueType.type !== '') lines.push(`Type: ${valueType.type}`);
  if (top.timeNs !== 0) lines.push(`Time: ${utcTime(top.timeNs)}`);
  if (top.durationNs !== 0) {
    const duration = formatMeasure(top.durationNs, 'nanoseconds', fittingUnit(top.durationNs, 'nanoseconds'));
    lines.push(`Duration: ${duration}, Total samples = ${format(total)} ${shareOfDuration(top)}`);
  }
  const share = formatPercent(top.shownFlat, total).trim();
  lines.push(`Showing nodes accounting for ${format(top.shownFlat)}, ${share} of ${format(total)} total`);
  if (total === 0) return lines;
  if (top.droppedRows > 0) {
    const nodes = top.droppedRows > 1 ? 'nodes' : 'node';
    lines.push(`Dropped ${top.droppedRows} ${nodes} (cum <= ${format(Math.trunc(total * NODE_FRACTION))})`);
  }
  const keptRows = top.rows.length + top.omittedRows - top.droppedRows;
  if (top.rows.length > 0 && top.rows.length < keptRows) {
    lines.push(`Showing top ${top.rows.length} nodes out of ${keptRows}`);
  }
  return lines;
}

function shareOfDuration({ valueType, total, durationNs }: PprofTop): string {
  const totalNs = toNanoseconds(total, valueType.unit);
  return totalNs === null || totalNs === 0 ? '' : `(${formatPercent(Math.trunc(totalNs), durationNs)})`;
}

/**
 * One unit for the whole table: that of the smallest value shown, or a larger one where 0.01 of it still tells. `null`
 * where no row asks for one.
 */
function outputUnit({ rows, total, valueType }: PprofTop): string | null {
  if (rows.length === 0) return null;
  let smallest = 0;
  for (const row of rows) {
    const size = Math.abs(row.flat) || Math.abs(row.cum);
    if (size > 0 && (smallest === 0 || size < smallest)) smallest = size;
  }
  if (smallest === 0) smallest = total;
  const smallestUnit = fittingUnit(smallest, valueType.unit);
  const totalUnit = fittingUnit(total, valueType.unit);
  const wide = smallestUnit !== totalUnit && smallest * 100 < total;
  return (wide ? fittingUnit(100 * smallest, valueType.unit) : smallestUnit) || valueType.unit;
}

function utcTime(timeNs: number): string {
  return `${new Date(timeNs / 1e6).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
