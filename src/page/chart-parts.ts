/** Pieces that all charts share. */
import type uPlot from 'uplot';
import { chartInks } from './chart-inks.ts';
import { digits, formatBytes } from './format-value.ts';
import { currentTheme } from './theme.ts';

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** An axis in the colours of the theme. */
export function axis(options: Partial<uPlot.Axis>): uPlot.Axis {
  const { text, grid } = chartInks[currentTheme()];
  return {
    stroke: text,
    font: FONT,
    labelFont: FONT,
    labelSize: 16,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
    ...options,
  };
}

/** A value with its unit as the legend prints it; `–` where nothing was measured. */
export function withUnit(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return '–';
  return unit === 'bytes' ? formatBytes(value) : `${digits(value)} ${unit}`;
}

/** Splits of an axis in words. Bytes and large numbers get multiples of 1024 and 1000. */
export function splitText(value: number | null, unit: string): string {
  if (value === null) return '';
  if (unit === 'bytes') return formatBytes(value);
  if (Math.abs(value) >= 1e6) return `${digits(value / 1e6)}M`;
  if (Math.abs(value) >= 1e4) return `${digits(value / 1e3)}k`;
  return digits(value);
}

/** Labels of the powers of ten only: the others would touch each other. */
export function powersOfTen(values: readonly number[], unit: string): string[] {
  const few = values.length <= 6;
  return values.map((value) => {
    const isPower = Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
    return isPower || few ? splitText(value, unit) : '';
  });
}

/** Limits of an axis from 0 to a little over the highest value. */
export function fromZero(_plot: uPlot, _least: number, most: number): uPlot.Range.MinMax {
  return [0, Number.isFinite(most) && most > 0 ? most * 1.08 : 1];
}
