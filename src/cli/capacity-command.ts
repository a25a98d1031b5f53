import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LabError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { findRun } from './find-run.ts';
import { findSide } from './find-side.ts';
import { withLabCommand } from './lab-command.ts';
import { integerBetween, numberBetween, settingParser } from './parse-values.ts';

interface CapacityFlags {
  readonly interval: number;
  readonly scrapeShare?: number;
  readonly connectShare?: number | 'run';
  readonly cpuShare: number;
  readonly users: readonly number[];
  readonly outage: number;
  readonly seed: number;
  readonly out: string;
  readonly json: boolean;
  readonly markdown: boolean;
}

const examples = `
Examples:
  tracker-lab capacity                                          by the newest run
  tracker-lab capacity 20261124-101500-heavy --interval 45m --scrape-share 0.1
  tracker-lab capacity RUN,RUN,RUN --users 5M,50M --outage 10m  by several runs, for an interval that holds for the next
  tracker-lab capacity profiles/by-workers --markdown           runs with 1, 2, 4, 8 tracker workers: by the law of their scaling
`;

/** `lab capacity`: how many clients a tracker carries, and how many of it some numbers of clients need. */
export function capacityCommand(context: CliContext): Command {
  return new Command('capacity')
    .description(
      'say how many users the tracker of a run carries, and simulate its queue for some numbers of them',
    )
    .argument(
      '[runs]',
      "a run's folder or id, several parted by commas, a folder of runs or a suite; none: the newest",
    )
    .addOption(
      new Option('--interval <duration>', 'time between two announces of a client')
        .argParser(settingParser({ type: 'positive-duration' }))
        .default(1_800_000, '30m'),
    )
    .addOption(
      new Option('--scrape-share <share>', 'scrapes of all requests, 0 to 0.9; else as in the run').argParser(
        numberBetween(0, 0.9),
      ),
    )
    .addOption(
      new Option(
        '--connect-share <share>',
        'connects of all requests, 0 to 0.9, or run: as in the run; else one before each announce, as BEP 15 has it',
      ).argParser(parseConnectShare),
    )
    .addOption(
      new Option('--cpu-share <share>', 'of the cores of an instance, what the users may take')
        .argParser(numberBetween(0.01, 1))
        .default(0.5),
    )
    .addOption(
      new Option('--users <numbers>', 'numbers of users to plan for, such as 1M,10M,100M')
        .argParser(parseUsers)
        .default([1e6, 1e7, 1e8], '1M,10M,100M'),
    )
    .addOption(
      new Option('--outage <duration>', 'how long the tracker was away in the simulated return')
        .argParser(settingParser({ type: 'duration' }))
        .default(300_000, '5m'),
    )
    .addOption(
      new Option('--seed <number>', 'of the bootstrap and the simulation')
        .argParser(integerBetween(0, 2 ** 31))
        .default(1),
    )
    .option('--out <dir>', 'root of the runs', 'profiles')
    .option('--json', 'print JSON (schemas/capacity.schema.json)', false)
    .option('--markdown', 'print Markdown', false)
    .addHelpText('after', withLabCommand(examples, context))
    .action(async function planCapacity(given: string | undefined, flags: CapacityFlags) {
      const { capacityOf } = await import('../analyze/capacity/capacity-of.ts');
      const { capacityLines, capacityMarkdown } = await import('../analyze/capacity/capacity-text.ts');
      refuseNoAnnounces(flags);
      const out = path.resolve(context.cwd, flags.out);
      const directories =
        given === undefined
          ? [findRun(undefined, out, context.cwd)]
          : findSide(given, out, context.cwd).directories;
      const capacity = capacityOf(directories, {
        cpuShare: flags.cpuShare,
        intervalMs: flags.interval,
        scrapeShare: flags.scrapeShare ?? null,
        connectShare: flags.connectShare ?? null,
        users: flags.users,
        outageMs: flags.outage,
        seed: flags.seed,
      });
      if (flags.json) context.stdout.write(`${JSON.stringify(capacity, null, 2)}\n`);
      else if (flags.markdown) context.stdout.write(capacityMarkdown(capacity));
      else context.stdout.write(`${capacityLines(capacity).join('\n')}\n`);
    });
}

function refuseNoAnnounces({ scrapeShare = 0, connectShare }: CapacityFlags): void {
  const other = scrapeShare + (typeof connectShare === 'number' ? connectShare : 0);
  if (other < 1) return;
  throw new LabError({
    code: 'BAD_SHARES',
    message: `expected scrapes and connects to leave a share of announces, found ${other} of 1 taken`,
    hint: 'lower --scrape-share or --connect-share',
  });
}

const parseShare = numberBetween(0, 0.9);

function parseConnectShare(text: string): number | 'run' {
  return text.trim() === 'run' ? 'run' : parseShare(text);
}

const unitFactors: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };
const MOST_USERS = 1e11;
const MOST_SIZES = 10;

/** `500k,1M,100M`, in ascending order. */
function parseUsers(text: string): number[] {
  const users = text.split(',').map((part) => {
    const match = /^\s*(\d+(?:\.\d+)?)([kMG]?)\s*$/.exec(part);
    return match === null
      ? Number.NaN
      : Math.round(Number(match[1]) * (unitFactors[match[2] ?? ''] as number));
  });
  const isEach = users.every((value) => value >= 1 && value <= MOST_USERS);
  if (!isEach || users.length > MOST_SIZES) {
    throw new InvalidArgumentError(`Expected up to ${MOST_SIZES} numbers of users such as 500k,1M,100M.`);
  }
  return [...new Set(users)].sort((a, b) => a - b);
}
