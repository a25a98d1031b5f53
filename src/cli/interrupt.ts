import { ExitCode } from '../errors.ts';
import type { CliContext } from './context.ts';

/** Turns signals into an orderly stop: the first one aborts `signal`, the second one ends the process. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** 130 or 143 after a signal, else null. */
  readonly exitCode: () => ExitCode | null;
  readonly stopListening: () => void;
}

const exitCodeBySignal = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated } as const;

export function createInterrupt(context: CliContext): Interrupt {
  const controller = new AbortController();
  let exitCode: ExitCode | null = null;
  const stopListening = context.onSignal(function interrupt(signal) {
    if (exitCode !== null) context.exitNow(exitCode);
    exitCode = exitCodeBySignal[signal];
    context.stderr.write(`\n${signal}: stopping, results so far are saved. Once more to stop at once.\n`);
    controller.abort(signal);
  });
  return { signal: controller.signal, exitCode: () => exitCode, stopListening };
}
