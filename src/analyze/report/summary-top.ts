/** The costliest functions in the terminal's summary. Pure. */

import { printable } from '../../printable.ts';
import { fittingUnit, formatMeasure } from '../profile/format-measure.ts';
import { LEAST_APPLICATION_SAMPLES } from '../thresholds.ts';
import type { TopPair } from './report-schema.ts';

/** Functions and allocators in the summary. */
const TOLD_ROWS = 3;

type Row = TopPair['charged']['rows'][number];

/** Lines under a title; idle time is left out of rows and shares, and the application is named where it has a row at all. */
export function summaryTop(title: string, pair: TopPair | null): string[] {
  if (pair === null) return [`${title}: not measured.`];
  const { rows, total, valueType } = pair.charged;
  if (rows.length === 0) return [`${title}: the profile holds no sample.`];
  const { unit } = valueType;
  const busy = rows.filter((row) => row.class !== 'idle');
  const idle = rows.filter((row) => row.class === 'idle').reduce((sum, row) => sum + row.value, 0);
  const lines = withApplication(busy).map((row) => {
    const value = formatMeasure(row.value, unit, fittingUnit(row.value, unit));
    const share = total - idle > 0 ? (row.value / (total - idle)) * 100 : 0;
    const place = row.file === '' ? '' : ` ${row.file}${row.line === 0 ? '' : `:${row.line}`}`;
    return `  ${`${share.toFixed(1)} %`.padStart(7)} ${value.padStart(10)}  ${printable(row.functionName + place)}`;
  });
  return [`${title}${idle > 0 ? ' (idle left out)' : ''}:`, ...lines, ...fewSamples(pair, busy)];
}

function withApplication(busy: readonly Row[]): Row[] {
  const told = busy.slice(0, TOLD_ROWS);
  const first = busy.find((row) => row.class === 'application');
  return first === undefined || told.includes(first) ? told : [...told.slice(0, -1), first];
}

/** Nothing where the samples suffice, or where they cannot be counted. */
function fewSamples({ profile, charged }: TopPair, busy: readonly Row[]): string[] {
  const { interval } = profile;
  if (interval?.unit !== 'microseconds' || charged.valueType.unit !== 'nanoseconds') return [];
  const costNs = busy.filter((row) => row.class === 'application').reduce((sum, row) => sum + row.value, 0);
  const count = (ns: number): number => Math.round(ns / (interval.value * 1000));
  const samples = count(costNs);
  // Loading more would not help: a small program around a library, or a stripped one.
  const all = count(busy.reduce((sum, row) => sum + row.value, 0));
  if (samples === 0 && all >= LEAST_APPLICATION_SAMPLES) {
    return [
      '  No sample is in a function of the application itself: libraries and the runtime are all there is.',
    ];
  }
  return samples >= LEAST_APPLICATION_SAMPLES
    ? []
    : [
        `  Too few samples: ${samples} in application functions, ${LEAST_APPLICATION_SAMPLES} are needed; load more or profile longer.`,
      ];
}
