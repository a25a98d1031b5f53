import { type ChangedFunction, LEAST_RUNS_APART } from './comparison-schema.ts';

/** How the runs of two sides lie to each other, in words: of few runs, ranges that do not meet mean nothing. Pure. */
export function spreadWord({ a, b, apart }: ChangedFunction): string {
  if (apart) return 'apart';
  return a.max < b.min || b.max < a.min ? `under ${LEAST_RUNS_APART} runs` : 'overlaps';
}
