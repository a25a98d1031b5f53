/** Numbers as tables show them. Pure. */
import type { Cell } from '../results.ts';
import { summarize } from '../statistics.ts';

const NOT_MEASURED = 'not measured';

/** Three significant digits, whole from 100 on, with thousands set apart. */
export function numberText(value: number | null): string {
  if (value === null) return NOT_MEASURED;
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Median over the rounds, with the least and the greatest where there are several. */
export function spreadText(cell: Cell | undefined, figure: string, scale = 1): string {
  const summary = summarize(cell?.samples.map((sample) => sample[figure]) ?? []);
  if (summary === null) return NOT_MEASURED;
  const median = numberText(summary.median * scale);
  if (summary.count === 1) return median;
  return `${median} (${numberText(summary.min * scale)}–${numberText(summary.max * scale)})`;
}

/** A share as a percentage. */
export function percentText(share: number | null): string {
  return share === null ? NOT_MEASURED : `${numberText(share * 100)} %`;
}
