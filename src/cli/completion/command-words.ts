import type { Command, Option } from 'commander';

/** An option as a shell completes it. */
interface OptionWords {
  /** `--scenario`. */
  readonly long: string;
  /** `-q`; null: it has none. */
  readonly short: string | null;
  readonly description: string;
  readonly takesValue: boolean;
  /** What its value may be; none: a file, or anything. */
  readonly values: readonly string[];
}

/** A command as a shell completes it. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly subcommands: readonly CommandWords[];
  /** What its first argument may be; none: a file, or there is none. */
  readonly values: readonly string[];
}

/**
 * The words of a program and its commands. Pure.
 *
 * @param suggestions - by option, `--scenario`, values of those that take others too
 */
export function commandWords(
  command: Command,
  suggestions: Readonly<Record<string, readonly string[]>>,
): CommandWords {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.summary() || command.description(),
    options: help.visibleOptions(command).flatMap((option) => optionWords(option, suggestions)),
    subcommands: command.commands.map((inner) => commandWords(inner, suggestions)),
    values: command.registeredArguments[0]?.argChoices ?? [],
  };
}

function optionWords(
  option: Option,
  suggestions: Readonly<Record<string, readonly string[]>>,
): readonly OptionWords[] {
  if (option.long === undefined || option.long === null) return [];
  return [
    {
      long: option.long,
      short: option.short ?? null,
      description: option.description,
      takesValue: option.required || option.optional,
      values: option.argChoices ?? suggestions[option.long] ?? [],
    },
  ];
}
