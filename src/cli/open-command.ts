import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import type { CliContext } from './context.ts';
import { findRun } from './find-run.ts';
import { openerOf } from './opener.ts';

interface OpenOptions {
  readonly out: string;
}

/** `lab open`: a run's page in the browser; where there is no desktop its path alone. */
export function openCommand(context: CliContext): Command {
  return new Command('open')
    .description("open a run's page in the browser (the newest run where none is named), and print its path")
    .argument('[run]', "a run's id, or its folder")
    .option('--out <dir>', 'root of the runs', 'profiles')
    .action(async function openPage(run: string | undefined, { out }: OpenOptions) {
      const directory = findRun(run, path.resolve(context.cwd, out), context.cwd);
      const page = path.join(directory, 'report.html');
      // A run of an older version has no page yet.
      if (!existsSync(page)) {
        const { analyzeRun } = await import('../analyze/analyze.ts');
        await analyzeRun(directory);
      }
      context.stdout.write(`${page}\n`);
      const opener = openerOf(process.platform, context.env);
      if (opener === null) context.stderr.write('There is no desktop here: open the file in a browser.\n');
      else await start(opener.command, [...opener.arguments, pathToFileURL(page).href], context);
    });
}

/** Starts a program that lives on after this one; that it is missing is told, and no error. */
function start(command: string, commandArguments: readonly string[], context: CliContext): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(command, commandArguments, {
      detached: true,
      stdio: 'ignore',
      env: { ...context.env },
    });
    child.once('error', (error) => {
      context.stderr.write(`${command} did not start (${error.message}): open the file in a browser.\n`);
      resolve();
    });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
