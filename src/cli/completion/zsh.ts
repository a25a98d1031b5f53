import type { CommandWords } from './command-words.ts';

/**
 * A script for zsh, to be put as `_NAME` into a folder of `fpath`, or sourced.
 *
 * @param program - the command that is completed, of letters and `-`
 */
export function zshCompletion(program: CommandWords): string {
  const name = `_${program.name.replaceAll('-', '_')}`;
  const commands = program.subcommands.map(
    (one) => `    ${quoted(`${one.name}:${oneLine(one.description)}`)}`,
  );
  const cases = program.subcommands.map(
    (one) => `    ${one.name})
      _arguments -s : \\
${argumentLines(one)
  .map((line) => `        ${line}`)
  .join(' \\\n')}
      ;;`,
  );
  return `#compdef ${program.name}
# zsh completion of ${program.name}; load it with: source <(${program.name} completion zsh)
${name}() {
  local -a commands
  local context state state_descr line
  typeset -A opt_args
  commands=(
${commands.join('\n')}
  )
  local word command=''
  for word in \${words[2,CURRENT-1]}; do
    if (( \${commands[(I)\${word}:*]} )); then command=$word; break; fi
  done
  case $command in
${cases.join('\n')}
    *)
      _arguments -s : \\
${optionLines(program)
  .map((line) => `        ${line}`)
  .join(' \\\n')} \\
        '1: :->command'
      [[ $state == command ]] && _describe command commands
      ;;
  esac
}
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program.name}; fi
`;
}

function argumentLines(command: CommandWords): string[] {
  // The command's own name is the first of its words.
  const first = command.values.length === 0 ? '_files' : `(${command.values.join(' ')})`;
  return [...optionLines(command), "'1: : '", quoted(`2:: :${first}`)];
}

function optionLines({ options }: CommandWords): string[] {
  return options.flatMap(({ long, short, description, takesValue, values }) => {
    const told = `[${oneLine(description).replaceAll(/[\\[\]:]/g, '\\$&')}]`;
    const value = takesValue ? `:value:${values.length === 0 ? '_files' : `(${values.join(' ')})`}` : '';
    return [...(short === null ? [] : [short]), long].map((option) => quoted(`${option}${told}${value}`));
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
