/** Parsers of flag values. Each throws commander's InvalidArgumentError with what it expected. */
import { InvalidArgumentError } from 'commander';
import type { Scenario } from '../run.ts';
import type { Milliseconds } from '../units.ts';

const millisecondsByUnit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** `30`, `30s`, `500ms` or `2m`; a bare number is seconds. */
export function parseDuration(text: string): Milliseconds {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text.trim());
  const factor = millisecondsByUnit[match?.[2] ?? 's'];
  if (match?.[1] === undefined || factor === undefined) {
    throw new InvalidArgumentError('Expected a duration such as 30s, 500ms or 2m.');
  }
  return Number(match[1]) * factor;
}

/** A duration above zero. */
export function parsePositiveDuration(text: string): Milliseconds {
  const durationMs = parseDuration(text);
  if (durationMs <= 0) throw new InvalidArgumentError('Expected a duration above zero.');
  return durationMs;
}

/** A parser of whole numbers from `least` to `most`. */
export function integerBetween(least: number, most: number): (text: string) => number {
  return function parseInteger(text) {
    const value = Number(text);
    if (!/^-?\d+$/.test(text.trim()) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A parser of decimal numbers from `least` to `most`. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return function parseNumber(text) {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text.trim()) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** `connect=1,announce=50,scrape=10`: the requests of one client session. Kinds left out are 0. */
export function parseMix(text: string): Scenario['mix'] {
  const mix = { connect: 0, announce: 0, scrape: 0 };
  for (const part of text.split(',')) {
    const match = /^\s*(connect|announce|scrape)\s*=\s*(\d{1,6})\s*$/.exec(part);
    if (match === null) {
      throw new InvalidArgumentError('Expected counts such as connect=1,announce=50,scrape=10.');
    }
    mix[match[1] as keyof typeof mix] = Number(match[2]);
  }
  if (mix.announce === 0) throw new InvalidArgumentError('Expected announce to be at least 1.');
  return mix;
}
