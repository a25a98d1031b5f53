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

/** @param tell - shows a line to the operator */
export function createInterrupt(context: CliContext, tell: (line: string) => void): Interrupt {
  const controller = new AbortController();
  let exitCode: ExitCode | null = null;
  const stopListening = context.onSignal(function interrupt(signal) {
    if (exitCode !== null) context.exitNow(exitCode);
    exitCode = exitCodeBySignal[signal];
    tell(`${signal}: stopping; what was measured is saved. Once more to end at once.`);
    controller.abort(signal);
  });
  return { signal: controller.signal, exitCode: () => exitCode, stopListening };
}
