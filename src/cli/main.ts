#!/usr/bin/env node
import { run } from './cli.ts';

process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
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

/** A reader that went away (`lab … | head`) is no error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
