import type { CommandWords } from './command-words.ts';

/**
 * A script for fish, to be put into `~/.config/fish/completions/`, or sourced.
 *
 * @param program - the command that is completed, of letters and `-`
 */
export function fishCompletion(program: CommandWords): string {
  const names = program.subcommands.map((one) => one.name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names}`;
  const lines = program.subcommands.flatMap((one) => {
    const seen = `__fish_seen_subcommand_from ${one.name}`;
    return [
      `complete -c ${program.name} -f -n ${quoted(none)} -a ${one.name} -d ${quoted(one.description)}`,
      ...(one.values.length === 0
        ? []
        : [`complete -c ${program.name} -f -n ${quoted(seen)} -a ${quoted(one.values.join(' '))}`]),
      ...optionLines(program.name, one, seen),
    ];
  });
  return `# fish completion of ${program.name}; load it with: ${program.name} completion fish | source
${[...lines, ...optionLines(program.name, program, none)].join('\n')}
`;
}

function optionLines(program: string, { options }: CommandWords, condition: string): string[] {
  return options.map(({ long, short, description, takesValue, values }) =>
    [
      `complete -c ${program} -n ${quoted(condition)} -l ${long.slice(2)}`,
      ...(short === null ? [] : [`-s ${short.slice(1)}`]),
      // -x: it needs a value, and no file is one; -r: it needs one.
      ...(takesValue ? [values.length === 0 ? '-r' : `-x -a ${quoted(values.join(' '))}`] : []),
      `-d ${quoted(description)}`,
    ].join(' '),
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll(/\s+/g, ' ').replaceAll(/[\\']/g, '\\$&')}'`;
}
