/** A tracker's log: one line an event, to wherever `write` leads. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Log {
  /** Whether `debug` lines are written: ask before making one up for every request. */
  readonly debugs: boolean;
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
}

/**
 * A log that keeps what is at least as grave as `level`.
 *
 * @param write - takes a line without its line break
 */
export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const kept = logLevels.indexOf(level);
  const at = (lineLevel: LogLevel) => (line: string) => {
    if (logLevels.indexOf(lineLevel) <= kept) {
      write(`${lineLevel}: ${line}`);
    }
  };
  return {
    debugs: level === 'debug',
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
  };
}
