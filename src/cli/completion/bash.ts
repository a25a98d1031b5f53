import type { CommandWords } from './command-words.ts';

/**
 * A script for bash 4 and newer. Where it has nothing to offer, bash offers files.
 *
 * @param program - the command that is completed, of letters and `-`
 */
export function bashCompletion(program: CommandWords): string {
  const name = `_${program.name.replaceAll('-', '_')}`;
  const all = [
    { key: '', words: program },
    ...program.subcommands.map((words) => ({ key: words.name, words })),
  ];
  const values = all.flatMap(({ key, words }) =>
    words.options.flatMap(({ long, short, takesValue, values: offered }) => {
      if (!takesValue) return [];
      const names = [long, ...(short === null ? [] : [short])].map((option) => `${key}:${option}`).join('|');
      return [`    ${names}) COMPREPLY=($(compgen -W '${offered.join(' ')}' -- "$cur")); return ;;`];
    }),
  );
  const options = all.map(({ key, words }) => {
    const names = words.options.flatMap(({ long, short }) => (short === null ? [long] : [short, long]));
    return `    '${key}') options='${names.join(' ')}'; words='${[
      ...words.subcommands.map((one) => one.name),
      ...words.values,
    ].join(' ')}' ;;`;
  });
  return `# bash completion of ${program.name}; load it with: source <(${program.name} completion bash)
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' word options='' words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${program.subcommands.map((one) => one.name).join('|')}) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case "$command:$prev" in
${values.join('\n')}
  esac
  case $command in
${options.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -o default -F ${name} ${program.name}
`;
}
