/** The flags that override a scenario's fields, one row each, and how they become {@link Overrides}. */
import { type Command, Option } from 'commander';
import type { Overrides } from '../lab/plan.ts';
import {
  integerBetween,
  numberBetween,
  parseDuration,
  parseMix,
  parsePositiveDuration,
} from './parse-values.ts';

interface ScenarioFlag {
  readonly flag: string;
  readonly field: keyof Overrides;
  readonly description: string;
  readonly parse: (text: string) => unknown;
}

/** More workers than this would need more state than the machine's memory is worth. */
const MOST_WORKERS = 200_000;

const scenarioFlags: readonly ScenarioFlag[] = [
  {
    flag: '--duration <time>',
    field: 'durationMs',
    description: 'length of the clean phase (30s, 500ms, 2m)',
    parse: parsePositiveDuration,
  },
  {
    flag: '--warmup <time>',
    field: 'warmupMs',
    description: 'length of the warm-up (3s)',
    parse: parseDuration,
  },
  {
    flag: '--profile-duration <time>',
    field: 'profileDurationMs',
    description: 'length of the profiled phase (a third of the duration, at least 5s; 0 = no profiles)',
    parse: parseDuration,
  },
  {
    flag: '--concurrency <count>',
    field: 'concurrency',
    description: 'workers, each a client with one request in flight',
    parse: integerBetween(1, MOST_WORKERS),
  },
  {
    flag: '--rate <count>',
    field: 'ratePerSecond',
    description: 'total requests per second, open loop (0 = closed loop, unlimited)',
    parse: numberBetween(0, 10_000_000),
  },
  {
    flag: '--hashes <count>',
    field: 'hashesPerWorker',
    description: 'info hashes per worker (5)',
    parse: integerBetween(1, 74),
  },
  {
    flag: '--num-want <count>',
    field: 'numWant',
    description: 'peers asked for in an announce (50; -1 = the tracker decides)',
    parse: integerBetween(-1, 10_000),
  },
  {
    flag: '--timeout <time>',
    field: 'timeoutMs',
    description: 'when an unanswered request has failed (5s)',
    parse: parsePositiveDuration,
  },
  {
    flag: '--mix <counts>',
    field: 'mix',
    description: 'requests of a client session (connect=1,announce=50,scrape=10)',
    parse: parseMix,
  },
  {
    flag: '--swarm-hashes <count>',
    field: 'swarmHashes',
    description: 'size of the shared pool of info hashes',
    parse: integerBetween(1, 10_000_000),
  },
  {
    flag: '--skew <exponent>',
    field: 'skew',
    description: 'Zipf exponent by which workers choose hashes (1; 0 = uniform)',
    parse: numberBetween(0, 5),
  },
  {
    flag: '--seed <number>',
    field: 'seed',
    description: 'seed of hashes, peers and choices (1)',
    parse: integerBetween(0, 2 ** 32 - 1),
  },
  {
    flag: '--load-threads <count>',
    field: 'loadThreads',
    description: 'threads of the generator (cores - 1, at most 4)',
    parse: integerBetween(1, 64),
  },
];

/** Adds all scenario flags to a command; each can be set by `LAB_…` in the environment. */
export function addScenarioFlags(command: Command): void {
  for (const { flag, description, parse } of scenarioFlags) {
    const option = new Option(flag, description).argParser(parse);
    command.addOption(option.env(environmentName(option)));
  }
}

/** What the user set, with its source; flags win over the environment. */
export function readOverrides(command: Command): Overrides {
  const overrides: Record<string, unknown> = {};
  for (const { flag, field } of scenarioFlags) {
    const name = new Option(flag).attributeName();
    const source = command.getOptionValueSource(name);
    if (source === 'cli' || source === 'env') {
      overrides[field] = {
        value: command.getOptionValue(name) as unknown,
        source: source === 'cli' ? 'flag' : 'environment',
      };
    }
  }
  return overrides as Overrides;
}

/** `--num-want` is `LAB_NUM_WANT`. */
export function environmentName(option: Option): string {
  return `LAB_${option.name().toUpperCase().replaceAll('-', '_')}`;
}
