/** Numbers as pprof writes them: units chosen by size, ties rounded to even. */

interface Unit {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly factor: number;
}

/** pprof's kB and MB are powers of 1024. */
const sizes: readonly Unit[] = [
  { name: 'B', aliases: ['b', 'byte'], factor: 1 },
  { name: 'kB', aliases: ['kb', 'kbyte', 'kilobyte'], factor: 2 ** 10 },
  { name: 'MB', aliases: ['mb', 'mbyte', 'megabyte'], factor: 2 ** 20 },
  { name: 'GB', aliases: ['gb', 'gbyte', 'gigabyte'], factor: 2 ** 30 },
  { name: 'TB', aliases: ['tb', 'tbyte', 'terabyte'], factor: 2 ** 40 },
  { name: 'PB', aliases: ['pb', 'pbyte', 'petabyte'], factor: 2 ** 50 },
];
const times: readonly Unit[] = [
  { name: 'ns', aliases: ['ns', 'nanosecond'], factor: 1 },
  { name: 'us', aliases: ['μs', 'us', 'microsecond'], factor: 1e3 },
  { name: 'ms', aliases: ['ms', 'millisecond'], factor: 1e6 },
  { name: 's', aliases: ['s', 'sec', 'second'], factor: 1e9 },
  { name: 'hrs', aliases: ['hour', 'hr'], factor: 3600e9 },
];
/** A family of units, and the one for a value that is too small for the smallest of them (so 0 is `0s`, not `0ns`). */
const families = [
  { units: sizes, fallback: sizes[0] as Unit },
  { units: times, fallback: times[3] as Unit },
];

function findUnit(units: readonly Unit[], name: string): Unit | undefined {
  const lower = name.toLowerCase();
  const alias = lower.length > 2 && lower.endsWith('s') ? lower.slice(0, -1) : lower;
  return units.find((unit) => unit.aliases.includes(alias));
}

/**
 * The largest unit in which a value is at least 1.
 *
 * @returns the unit's short name, or an empty text where the profile's unit is neither a time nor a size
 */
export function fittingUnit(value: number, fromUnit: string): string {
  for (const { units, fallback } of families) {
    const from = findUnit(units, fromUnit);
    if (from === undefined) continue;
    const base = Math.abs(value) * from.factor;
    return (units.findLast((unit) => base / unit.factor >= 1) ?? fallback).name;
  }
  return '';
}

/**
 * A value with its unit, at most two decimals: `1.58s`, `347.38MB`, `12`.
 *
 * @param value - in `fromUnit`
 * @param fromUnit - as the profile has it, for example `nanoseconds` or `count`
 * @param toUnit - short name as {@link fittingUnit} answers; empty or `count`: none
 */
export function formatMeasure(value: number, fromUnit: string, toUnit: string): string {
  for (const { units, fallback } of families) {
    const from = findUnit(units, fromUnit);
    if (from === undefined) continue;
    const to = findUnit(units, toUnit) ?? fallback;
    return withUnit((value * from.factor) / to.factor, to.name);
  }
  return withUnit(value, ['count', 'sample', 'unit', 'minimum', 'auto'].includes(toUnit) ? '' : toUnit);
}

/** A duration in nanoseconds, or `null` where the unit is none of time. */
export function toNanoseconds(value: number, fromUnit: string): number | null {
  const from = findUnit(times, fromUnit);
  return from === undefined ? null : value * from.factor;
}

function withUnit(value: number, unit: string): string {
  const text = toFixedEven(value).replace(/\.00$/, '');
  return text === '0' || text === '-0' ? '0' : text + unit;
}

/** A share of a total in percent, five characters wide and signless, as in pprof's tables: ` 5.88%`, `  0.5%`, `  100%`. */
export function formatPercent(value: number, total: number): string {
  const percent = total === 0 ? 0 : Math.abs(value / total) * 100;
  if (percent >= 99.95 && percent <= 100.05) return '  100%';
  const digits = percent >= 1 ? toFixedEven(percent) : toTwoDigits(percent);
  return `${digits.padStart(5)}%`;
}

/** As `toFixed(2)`, but a value half-way between two texts goes to the even one; only odd eighths are half-way. */
function toFixedEven(value: number): string {
  const eighths = value * 8;
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return value.toFixed(2);
  const lower = Math.floor(value * 100);
  return ((lower % 2 === 0 ? lower : lower + 1) / 100).toFixed(2);
}

/** A value under 1 with two significant digits and no trailing zeros, as Go's `%.2g`. */
function toTwoDigits(value: number): string {
  // The only values under 1 that lie half-way between two such texts are the odd eighths and one sixteenth.
  if (value === 1 / 16) return '0.062';
  if (value >= 0.1 && Number.isInteger(value * 8)) return String(Number(toFixedEven(value)));
  const rounded = Number(value.toPrecision(2));
  if (rounded === 0 || rounded >= 1e-4) return String(rounded);
  const [digits, exponent] = rounded.toExponential().split('e-') as [string, string];
  return `${digits}e-${exponent.padStart(2, '0')}`;
}
