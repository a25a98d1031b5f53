import type { CliContext } from './context.ts';
import { labCommand, withLabCommand } from './lab-command.ts';

/** A command line and what it is for. */
export interface Example {
  /** Begins with `tracker-lab`. */
  readonly line: string;
  readonly what: string;
}

/** A longer line has what it is for below it. */
const LONGEST_LINE = 58;

/** What it prints on stdout is for a program, and npm's own lines must not get into it. */
const printsDocument = / --json\b|^tracker-lab export (?!.*--(?:out|push-pyroscope)\b)/;

/** The examples of a help text as the reader can type them, what they are for in a column. Pure. */
export function examplesText(
  examples: readonly Example[],
  context: Pick<CliContext, 'env' | 'entry' | 'cwd'>,
): string {
  // `npm run lab --` and the like are longer than the name: the column moves with them.
  const column = LONGEST_LINE + Math.max(0, labCommand(context).length - 'tracker-lab'.length);
  const lines = examples.map(({ line, what }) => {
    const typed = withLabCommand(line, context).replace(
      'npm run lab',
      printsDocument.test(line) ? 'npm run --silent lab' : 'npm run lab',
    );
    return typed.length <= column ? `  ${typed.padEnd(column)}  ${what}` : `  ${typed}\n      ${what}`;
  });
  return `Examples:\n${lines.join('\n')}\n`;
}
