import { appendFileSync } from 'node:fs';

/** Kinds of figures, and how build/fault-figures.mjs writes them. */
type Unit = 'ms' | 'points' | '%' | '';

/**
 * Keeps a figure that a test has seen, for the column "seen" of docs/reliability.md: a line of JSON in the file that FIGURES
 * names, nothing without one.
 *
 * @param row - first cell of the table's row
 * @param what - of which there may be many in a row; least and greatest are shown
 */
export function keepFigure(row: string, what: string, value: number, unit: Unit): void {
  const file = process.env['FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ row, what, value, unit })}\n`);
}
