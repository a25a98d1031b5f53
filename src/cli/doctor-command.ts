import path from 'node:path';
import { Command } from 'commander';
import { ExitCode } from '../errors.ts';
import { type Check, judgeMachine } from '../lab/doctor/judge-machine.ts';
import { readMachine } from '../lab/doctor/read-machine.ts';
import type { CliContext } from './context.ts';

interface DoctorOptions {
  readonly out: string;
  readonly json: boolean;
}

/** `lab doctor`: whether this machine is fit for a lab, and what mends it. */
export function doctorCommand(context: CliContext, setExitCode: (code: ExitCode) => void): Command {
  return new Command('doctor')
    .description('check this machine for a lab, and name the command that mends what is amiss')
    .option('--out <dir>', 'root of the runs', 'profiles')
    .option('--json', 'print the checks as JSON', false)
    .action(async function examine({ out, json }: DoctorOptions) {
      const checks = judgeMachine(await readMachine(path.resolve(context.cwd, out)));
      context.stdout.write(json ? `${JSON.stringify({ checks }, null, 2)}\n` : describeChecks(checks));
      setExitCode(checks.some(({ state }) => state === 'fail') ? ExitCode.usage : ExitCode.ok);
    });
}

/** A line for each check, with two more below it where something is amiss. Pure. */
export function describeChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, found, wanted, matter, mend }) => {
    const head = `${state.padEnd(4)}  ${name.padEnd(width)}  ${found}`;
    if (state === 'ok') return [head];
    const indent = ' '.repeat(6 + width + 2);
    return [
      head,
      `${indent}wanted: ${wanted}; ${matter}`,
      ...(mend === null ? [] : [`${indent}mend:   ${mend}`]),
    ];
  });
  const amiss = (state: Check['state']): number => checks.filter((check) => check.state === state).length;
  const sum = `${amiss('ok')} ok, ${amiss('warn')} to know about, ${amiss('fail')} to mend before a run`;
  return `${lines.join('\n')}\n\n${sum}\n`;
}
