import { Command, Option } from 'commander';
import { poolInfoHashes } from '../lab/load/swarm-model.ts';
import { defaultSwarmHashes, presetCommon, presetNames, presets } from '../lab/scenarios.ts';
import type { CliContext } from './context.ts';
import { integerBetween } from './parse-values.ts';

interface HashesOptions {
  readonly seed: number;
  readonly scenario: keyof typeof presets;
  readonly swarmHashes?: number;
}

/** `lab hashes`: the info hashes that a run will announce, for a tracker's whitelist. */
export function hashesCommand(context: CliContext): Command {
  return new Command('hashes')
    .description("print the load's info hashes, 40 hex digits a line, for a tracker's whitelist")
    .addOption(
      new Option('--seed <number>', 'seed of the pool, as for the run')
        .argParser(integerBetween(0, 2 ** 32 - 1))
        .default(presetCommon.seed),
    )
    .addOption(
      new Option('--scenario <name>', 'whose pool size is taken').choices([...presetNames]).default('stress'),
    )
    .addOption(
      new Option('--swarm-hashes <count>', 'pool size, where the run sets it too').argParser(
        integerBetween(1, 10_000_000),
      ),
    )
    .action(function printHashes(options: HashesOptions) {
      const count =
        options.swarmHashes ??
        defaultSwarmHashes(presets[options.scenario].concurrency, presetCommon.hashesPerWorker);
      for (const hash of poolInfoHashes(options.seed, count)) context.stdout.write(`${hash}\n`);
    });
}
