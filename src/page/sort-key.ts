/** What the text of a cell is sorted by. Pure. */

/** Multiples within the families of units that the reports print; the family itself never changes within a column. */
const multiples: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  hrs: 3600,
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** A number with its unit's multiple, or the text in lower case; null where a number is wanted and there is none. */
export function sortKey(text: string, isNumber: boolean): number | string | null {
  const trimmed = text.trim();
  if (!isNumber) return trimmed.toLowerCase();
  const match = /^[<>]?\s*([+\-−]?)\s*([\d,]+(?:\.\d+)?(?:e-?\d+)?)\s*([A-Za-zµ]*)/.exec(trimmed);
  if (match === null) return null;
  const value = Number((match[2] as string).replaceAll(',', '')) * (multiples[match[3] as string] ?? 1);
  return match[1] === '-' || match[1] === '−' ? -value : value;
}
