import { printable } from './printable.ts';

/** A message may quote a file; what is longer than this tells nobody more. */
const LONGEST_LINE = 4000;

/** The process exit codes of every command; part of the public interface (SemVer). */
export const ExitCode = {
  ok: 0,
  internal: 1,
  usage: 2,
  regression: 10,
  invalidRun: 11,
  trackerFailed: 12,
  thresholdFailed: 99,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a {@link LabError} is made of. */
export interface LabErrorOptions {
  /** Stable, upper-case identifier, for example `TRACKER_NOT_READY`. */
  readonly code: string;
  /** What was expected and what was found, with the values. */
  readonly message: string;
  /** What to run or change next. */
  readonly hint: string;
  /** Exit code of the command that ends with this error. Default: 2 (usage). */
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/** A mistake or a circumstance that the operator can act on; shown as one line, without a stack. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(options: LabErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? ExitCode.usage;
  }

  /** `CODE: message. Hint: what to do` on one line, in which nothing steers a terminal: a message may quote hostile text. */
  toLine(): string {
    const [message, hint] = [this.message, this.hint].map((text) =>
      printable(text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' '), LONGEST_LINE),
    ) as [string, string];
    return `${this.code}: ${message.endsWith('.') ? message.slice(0, -1) : message}. Hint: ${hint}`;
  }
}
