import { Argument, Command } from 'commander';
import { presetNames } from '../lab/scenarios.ts';
import { bashCompletion } from './completion/bash.ts';
import { type CommandWords, commandWords } from './completion/command-words.ts';
import { fishCompletion } from './completion/fish.ts';
import { zshCompletion } from './completion/zsh.ts';
import type { CliContext } from './context.ts';

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof writers;

/** Options that take other values too. */
const suggestions: Readonly<Record<string, readonly string[]>> = {
  '--scenario': [...presetNames, 'all'],
  '--pin': ['auto', 'off'],
};

/** `lab completion SHELL`: a script that completes commands, flags and their values. */
export function completionCommand(program: Command, context: CliContext): Command {
  return new Command('completion')
    .description('print a script that completes commands and flags in a shell')
    .addArgument(new Argument('<shell>', 'for which shell').choices(Object.keys(writers)))
    .addHelpText(
      'after',
      '\nFor a program `tracker-lab` on your path:\n  source <(tracker-lab completion bash)\n',
    )
    .action(function printCompletion(shell: Shell) {
      const words: CommandWords = commandWords(program, suggestions);
      context.stdout.write(writers[shell](words));
    });
}
