import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { LabError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { openerOf } from './opener.ts';
import { runFolders } from './run-folders.ts';

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
      const directory = directoryOf(run, path.resolve(context.cwd, out), context.cwd);
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

/** @throws LabError `NO_SUCH_RUN` */
function directoryOf(run: string | undefined, out: string, cwd: string): string {
  if (run === undefined) {
    const newest = runFolders(out)[0];
    if (newest !== undefined) return path.join(out, newest);
    throw new LabError({
      code: 'NO_SUCH_RUN',
      message: `${out} has no run`,
      hint: 'measure something first, or name the folder of the runs with --out',
    });
  }
  const folder = [path.resolve(cwd, run), path.join(out, run)].find(
    (candidate) => statSync(candidate, { throwIfNoEntry: false })?.isDirectory() === true,
  );
  if (folder !== undefined) return folder;
  const known = runFolders(out).slice(0, 3);
  throw new LabError({
    code: 'NO_SUCH_RUN',
    message: `there is no run "${run}" in ${out}`,
    hint:
      known.length === 0 ? 'name the folder of the runs with --out' : `the newest are ${known.join(', ')}`,
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
