/** Parsers of flag values. Each throws commander's InvalidArgumentError with what it expected. */
import { InvalidArgumentError } from 'commander';
import type { SettingKind } from '../lab/config/scenario-settings.ts';
import { type Reading, readDuration, readMix, readPositiveDuration } from '../lab/config/setting-values.ts';

/** The parser of a scenario's setting. */
export function settingParser(kind: SettingKind): (text: string) => unknown {
  switch (kind.type) {
    case 'duration':
      return parserOf(readDuration);
    case 'positive-duration':
      return parserOf(readPositiveDuration);
    case 'mix':
      return parserOf(readMix);
    case 'integer':
      return integerBetween(kind.least, kind.most);
    case 'integer-or-auto': {
      const parseInteger = integerBetween(kind.least, kind.most);
      return (text) => (text.trim() === 'auto' ? 'auto' : parseInteger(text));
    }
    case 'number':
      return numberBetween(kind.least, kind.most);
  }
}

function parserOf<T>(read: (text: string) => Reading<T>): (text: string) => T {
  return function parseText(text) {
    const reading = read(text);
    if ('expected' in reading) throw new InvalidArgumentError(reading.expected);
    return reading.value;
  };
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

/** `K=V`, added to those given before. */
export function parseEnvironment(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected NAME=VALUE.');
  return { ...before, [match[1] as string]: match[2] as string };
}

/** Adds a value to those given before, parted by commas: a flag that may be repeated. */
export function parseRepeated(text: string, before?: string): string {
  return before === undefined ? text : `${before},${text}`;
}

const parsePid = integerBetween(1, 2 ** 22);

/** A process id, or several parted by commas, added to those given before. */
export function parsePids(text: string, before?: number | readonly number[]): number | readonly number[] {
  const pids = [...(before === undefined ? [] : [before].flat()), ...text.split(',').map(parsePid)];
  return pids.length === 1 ? (pids[0] as number) : pids;
}

/** Most runs of one sweep. */
const MOST_SWEEP_RUNS = 20;
const MOST_WORKERS = 100_000;

/** A parser of `10,50,100`: two or more different numbers of workers, in ascending order whatever the order given. */
export function parseSweep(text: string): number[] {
  const workers = text.split(',').map((part) => (/^\s*\d{1,6}\s*$/.test(part) ? Number(part) : Number.NaN));
  const isEach = workers.every((value) => value >= 1 && value <= MOST_WORKERS);
  const different = [...new Set(workers)].sort((a, b) => a - b);
  if (!isEach || different.length < 2 || different.length > MOST_SWEEP_RUNS) {
    throw new InvalidArgumentError(
      `Expected 2 to ${MOST_SWEEP_RUNS} different numbers of workers from 1 to ${MOST_WORKERS}, such as 10,50,100.`,
    );
  }
  return different;
}
