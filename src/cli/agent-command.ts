import os from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { type ExitCode, LabError } from '../errors.ts';
import { allowedCpus } from '../lab/target/pinning.ts';
import type { CliContext } from './context.ts';
import { createInterrupt } from './interrupt.ts';
import { integerBetween } from './parse-values.ts';
import { redisCaOption, redisOption } from './redis-flags.ts';
import { environmentName } from './scenario-flags.ts';

interface AgentFlags {
  readonly redis?: string;
  readonly redisCa?: string;
  readonly name?: string;
  readonly threads?: number;
}

const MOST_THREADS = 64;
/** One already outruns most trackers on one core. */
const MOST_DEFAULT_THREADS = 4;

/** `lab agent`: makes a part of the load for a lab on another machine. */
export function agentCommand(context: CliContext, setExitCode: (code: ExitCode) => void): Command {
  return new Command('agent')
    .description('wait for slices of a load that a lab makes with --agents, until stopped')
    .addOption(withEnvironment(redisOption()))
    .addOption(withEnvironment(redisCaOption()))
    .option('--name <name>', 'its own name among the agents (the host name)')
    .addOption(
      new Option(
        '--threads <number>',
        `load threads where the lab does not say how many (cores, at most ${MOST_DEFAULT_THREADS})`,
      ).argParser(integerBetween(1, MOST_THREADS)),
    )
    .action(async function serveLoads(flags: AgentFlags) {
      if (flags.redis === undefined) throw redisMissing();
      const { agentNamePattern } = await import('../lab/agents/agent-messages.ts');
      const name = flags.name ?? os.hostname().slice(0, 40);
      if (!agentNamePattern.test(name)) throw badName(name);
      const { runAgent } = await import('../lab/agents/run-agent.ts');
      const cores = allowedCpus().length;
      const tell = (line: string): void => void context.stderr.write(`${line}\n`);
      const interrupt = createInterrupt(context, tell);
      try {
        await runAgent({
          redis: {
            url: flags.redis,
            caFile: flags.redisCa === undefined ? null : path.resolve(context.cwd, flags.redisCa),
          },
          name,
          threads: flags.threads ?? Math.min(MOST_DEFAULT_THREADS, cores),
          cores,
          signal: interrupt.signal,
          tell,
        });
        const exitCode = interrupt.exitCode();
        if (exitCode !== null) setExitCode(exitCode);
      } finally {
        interrupt.stopListening();
      }
    });
}

function withEnvironment(option: Option): Option {
  return option.env(environmentName(option));
}

function redisMissing(): LabError {
  return new LabError({
    code: 'REDIS_MISSING',
    message: 'expected --redis URL: lab and agents meet there',
    hint: 'pass --redis redis://HOST:6379, or set LAB_REDIS',
  });
}

function badName(name: string): LabError {
  return new LabError({
    code: 'BAD_AGENT_NAME',
    message: `expected a name of letters, digits, dots, dashes and underlines, 40 at most, got "${name}"`,
    hint: 'pass such a --name',
  });
}
