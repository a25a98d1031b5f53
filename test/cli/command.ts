/** Runs one command line in memory. */
import { Writable } from 'node:stream';
import { run } from '../../src/cli/cli.ts';

/** @param cwd - where the command believes to be; by default a folder that does not exist */
export async function command(
  args: readonly string[],
  cwd = '/nowhere',
  env: Readonly<Record<string, string>> = {},
) {
  const stdout = memory();
  const stderr = memory();
  const exitCode = await run(args, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    cwd,
    entry: '/usr/bin/tracker-lab',
    onSignal: () => () => undefined,
    exitNow: () => {
      throw new Error('exitNow is for a second signal');
    },
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function memory() {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
