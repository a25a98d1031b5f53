#!/usr/bin/env node
import type { Writable } from 'node:stream';
import { ExitCode } from '../errors.ts';
import { run } from './cli.ts';

process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);

const exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  entry: process.argv[1] ?? 'tracker-lab',
  onSignal(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return function stopListening() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    };
  },
  exitNow: (code) => process.exit(code),
});
process.exitCode = exitCode;
// What nobody reads any more is not waited for: a profile that is late, a client of a Redis that has gone.
const endsAtOnce: readonly number[] = [ExitCode.interrupted, ExitCode.terminated, ExitCode.invalidRun];
if (endsAtOnce.includes(exitCode)) {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit();
}

/** Resolves when all that was written is out, or the reader is gone. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/** A reader that went away (`lab … | head`) is no error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
