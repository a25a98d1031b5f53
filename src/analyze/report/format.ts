/** How figures are printed. Every unit is printed; nothing is rounded to a bare 0 that is not 0. */
import type { Bytes, Milliseconds, Nanoseconds, Share } from '../../units.ts';

/** `12,345` */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `12,345.67` as the template prints a rate. */
export function formatRate(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** Milliseconds with three significant digits: `0.123 ms`, `12.0 ms`, `1,234 ms`. */
export function formatLatency(valueNs: Nanoseconds): string {
  const value = valueNs / 1e6;
  const digits = fractionDigits(value);
  return `${value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ms`;
}

/** `98.76 %`; shares near 0 or 1 keep the digits that tell them from it. */
export function formatShare(share: Share): string {
  const value = share * 100;
  const shown = value.toFixed(2);
  if (value > 0 && Number(shown) === 0) return '< 0.01 %';
  if (value < 100 && Number(shown) === 100) return '> 99.99 %';
  return `${shown} %`;
}

/** `+12.3 %` or `-4.5 %`. */
export function formatChange(share: Share): string {
  return `${share >= 0 ? '+' : '-'}${Math.abs(share * 100).toFixed(1)} %`;
}

/** `4.2× (3.1–5.6)`: a ratio with its interval, in the two digits that such an interval knows. */
export function formatRatio(ratio: number, low: number, high: number): string {
  return `${factor(ratio)}× (${factor(low)}–${factor(high)})`;
}

function factor(value: number): string {
  return value >= 1000 ? '> 1,000' : value.toFixed(value >= 10 ? 0 : 1);
}

/** Megabytes of 10^6 bytes, as the template has them: `12.34 MB`. */
export function formatMegabytes(bytes: Bytes): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

/** `30 s`, `1.5 s`, `250 ms`. */
export function formatDuration(durationMs: Milliseconds): string {
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${Number((durationMs / 1000).toFixed(2))} s`;
}

/** A number with at least three significant digits and thousands separators, never in exponent form. */
export function significant(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: fractionDigits(value) });
}

/** Digits after the point that make three significant ones; at most six. */
function fractionDigits(value: number): number {
  if (value === 0) return 0;
  return Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}
