/** Texts of settings and what they mean, on the command line as in a config file. Pure; nothing is thrown. */
import type { Scenario } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';

/** A value, or a sentence on what was expected. */
export type Reading<T> = { readonly value: T } | { readonly expected: string };

/** Of durations; for the published schema, too. */
export const durationPattern = /^\d+(?:\.\d+)?(?:ms|s|m)?$/;

const millisecondsByUnit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** `30`, `30s`, `500ms` or `2m`; a bare number is seconds. */
export function readDuration(text: string): Reading<Milliseconds> {
  const trimmed = text.trim();
  const unit = /[a-z]+$/.exec(trimmed)?.[0] ?? 's';
  const factor = millisecondsByUnit[unit];
  if (!durationPattern.test(trimmed) || factor === undefined) {
    return { expected: 'Expected a duration such as 30s, 500ms or 2m.' };
  }
  return { value: Number.parseFloat(trimmed) * factor };
}

/** A duration above zero. */
export function readPositiveDuration(text: string): Reading<Milliseconds> {
  const reading = readDuration(text);
  return 'value' in reading && reading.value <= 0 ? { expected: 'Expected a duration above zero.' } : reading;
}

/** `connect=1,announce=50,scrape=10`: the requests of one client session. Kinds left out are 0. */
export function readMix(text: string): Reading<Scenario['mix']> {
  const mix = { connect: 0, announce: 0, scrape: 0 };
  for (const part of text.split(',')) {
    const match = /^\s*(connect|announce|scrape)\s*=\s*(\d{1,6})\s*$/.exec(part);
    if (match === null) return { expected: 'Expected counts such as connect=1,announce=50,scrape=10.' };
    mix[match[1] as keyof typeof mix] = Number(match[2]);
  }
  return mix.announce === 0 ? { expected: 'Expected announce to be at least 1.' } : { value: mix };
}
