/** Values of profiles and charts as people read them. Pure. */

const times = [
  { name: 's', factor: 1e9 },
  { name: 'ms', factor: 1e6 },
  { name: 'µs', factor: 1e3 },
  { name: 'ns', factor: 1 },
] as const;
const sizes = [
  { name: 'GiB', factor: 2 ** 30 },
  { name: 'MiB', factor: 2 ** 20 },
  { name: 'KiB', factor: 2 ** 10 },
  { name: 'B', factor: 1 },
] as const;
const factors: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

/** A value of a profile with its unit: `1.58 s`, `347 KiB`, `12,345 samples`. */
export function formatValue(
  value: number,
  { type, unit }: { readonly type: string; readonly unit: string },
): string {
  const factor = factors[unit];
  if (factor !== undefined) return scaled(value * factor, times);
  if (unit === 'bytes') return scaled(value, sizes);
  return `${digits(value)} ${type.replaceAll('_', ' ')}`;
}

/** Bytes in multiples of 1024: `61.6 MiB`. */
export function formatBytes(value: number): string {
  return scaled(value, sizes);
}

/** `12.3 %`; what is not 0 is not printed as 0. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent !== 0 && Math.abs(percent) < 0.01) return '< 0.01 %';
  return `${percent.toFixed(Math.abs(percent) < 10 ? 2 : 1)} %`;
}

/** `99.9 %` for 1,000: one reply in so many was slower. */
export function percentileText(inverse: number): string {
  if (inverse <= 1) return '0 %';
  const decimals = Math.max(0, Math.ceil(Math.log10(inverse) - 1e-9) - 2);
  // Cut, not rounded: 99.96 % is not 100 %.
  const factor = 10 ** (decimals + 1);
  const share = Math.floor((1 - 1 / inverse) * 100 * factor + 1e-6) / factor;
  return `${Number(share.toFixed(decimals + 1))} %`;
}

/** Three significant digits with thousands separators. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const fraction = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString('en-US', { maximumFractionDigits: fraction });
}

function scaled(value: number, units: readonly { readonly name: string; readonly factor: number }[]): string {
  const least = units[units.length - 1] as { name: string; factor: number };
  const unit = units.find(({ factor }) => Math.abs(value) >= factor) ?? least;
  return `${digits(value / unit.factor)} ${unit.name}`;
}
