/** The benchmark's flags. Pure: arguments in, options out. */
import { parseArgs } from 'node:util';
import { type PartName, partNames } from './results.ts';
import { givenProgramFlags } from './servers/given-programs.ts';

export interface BenchOptions {
  readonly parts: readonly PartName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly smoke: boolean;
  /** Result to be read, added to and written; null: none is written. */
  readonly json: string | null;
  /** Document to be filled; null: none. */
  readonly write: string | null;
  /** Only fill the document from the JSON. */
  readonly renderOnly: boolean;
  readonly programs: Readonly<Record<string, string | undefined>>;
}

export const USAGE = `npm run bench -- [flags]

  --only <parts>    ${partNames.join(',')} (default: all)
  --rounds <n>      rounds of each measurement (default: 5)
  --seconds <s>     length of one measured window (default: 2)
  --json <file>     where the result goes; parts that are in it already and are not measured now stay
  --write <file>    document whose tables are filled, such as docs/performance.md
  --render          measure nothing: fill the document from the JSON
  --smoke           everything at tiny size, to see that it works
${givenProgramFlags.map(describeProgramFlag).join('\n')}
`;

function describeProgramFlag(flag: string): string {
  return `${`  --${flag} <path>`.padEnd(20)}program of that tracker`;
}

/** @throws Error with one line for the operator */
export function parseOptions(argv: readonly string[]): BenchOptions | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: text,
      rounds: text,
      seconds: text,
      json: text,
      write: text,
      render: flag,
      smoke: flag,
      help: flag,
      ...Object.fromEntries(givenProgramFlags.map((name) => [name, text])),
    },
  });
  if (values.help) return 'help';
  const { smoke } = values;
  const parts = values.only === undefined ? partNames : values.only.split(',').map(toPartName);
  return {
    parts,
    rounds: toNumber('rounds', values.rounds, smoke ? 1 : 5),
    seconds: toNumber('seconds', values.seconds, smoke ? 0.15 : 2),
    smoke,
    json: values.json ?? null,
    write: values.write ?? null,
    renderOnly: values.render,
    programs: Object.fromEntries(
      givenProgramFlags.map((name) => [
        name,
        (values as Record<string, unknown>)[name] as string | undefined,
      ]),
    ),
  };
}

function toPartName(text: string): PartName {
  const name = partNames.find((one) => one === text);
  if (name === undefined) throw new Error(`--only: "${text}" is none of ${partNames.join(', ')}`);
  return name;
}

function toNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, got "${text}"`);
  return value;
}
