import { ExitCode, LabError } from './errors.ts';

/** Errors of a folder that was chosen badly. */
const operatorsChoice: ReadonlySet<string> = new Set(['EEXIST', 'ENOTDIR']);

/** The error `OUT_NOT_WRITABLE`, which names a file or folder of the results that could not be written. */
export function cannotWrite(file: string, cause: unknown, hint: string): LabError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  return new LabError({
    code: 'OUT_NOT_WRITABLE',
    message: `cannot write ${file} (${reason})`,
    hint,
    exitCode: operatorsChoice.has(code) ? ExitCode.usage : ExitCode.internal,
    cause,
  });
}
