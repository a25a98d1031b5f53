/** Live progress on stderr: one calm panel line where it is a terminal, a plain line every few seconds where not. */
import { createLogUpdate } from 'log-update';
import type { LabEvent } from '../lab/lab-event.ts';
import type { PhaseName } from '../run.ts';
import type { CliContext } from './context.ts';
import { describeSecond } from './describe-second.ts';

export interface Progress {
  readonly onEvent: (event: LabEvent) => void;
  /** Shows a line that stays, and no live line after it. */
  readonly lastWord: (line: string) => void;
  /** Leaves the terminal as it was. */
  readonly end: () => void;
}

/** Between two plain lines of one phase. */
const PLAIN_LINE_EVERY_MS = 5_000;
/** Of a terminal that does not tell. */
const USUAL_COLUMNS = 80;

/** @param quiet - print nothing but notes */
export function createProgress(context: CliContext, quiet: boolean): Progress {
  const isTerminal = context.stderr.isTTY === true && !quiet;
  /** Of the line that the panel shows; 0: none. */
  let shownLength = 0;
  let panel = isTerminal ? createLogUpdate(context.stderr as NodeJS.WriteStream) : null;
  let phase: PhaseName | null = null;
  let lastPlainMs = Number.NEGATIVE_INFINITY;
  let stopped = false;

  /** A terminal that was made narrower has broken the line into rows, of which the panel knows one. */
  function eraseBrokenRows(): void {
    const columns = context.stderr.columns ?? USUAL_COLUMNS;
    const rows = Math.ceil(shownLength / Math.max(1, columns)) - 1;
    if (panel !== null && rows > 0) context.stderr.write(`\u001b[${rows}A\u001b[J`);
    shownLength = 0;
  }

  function clear(): void {
    eraseBrokenRows();
    panel?.clear();
  }

  function printLine(line: string): void {
    clear();
    context.stderr.write(`${line}\n`);
  }

  function showSecond(event: Extract<LabEvent, { kind: 'second' }>): void {
    // The last row of a phase arrives when the next one has begun.
    if (quiet || stopped || event.row.phase !== phase) return;
    if (panel !== null) {
      const line = describeSecond(event, context.stderr.columns ?? USUAL_COLUMNS);
      eraseBrokenRows();
      panel(line);
      shownLength = line.length;
    } else if (event.elapsedMs - lastPlainMs >= PLAIN_LINE_EVERY_MS) {
      lastPlainMs = event.elapsedMs;
      printLine(describeSecond(event, null));
    }
  }

  function end(): void {
    clear();
    panel?.done();
    panel = null;
  }

  return {
    onEvent(event) {
      switch (event.kind) {
        case 'note':
          printLine(event.text);
          break;
        case 'step':
          if (!quiet) printLine(event.text);
          break;
        case 'phase':
          phase = event.phase;
          if (!quiet) printLine(`Phase: ${phase}`);
          break;
        case 'second':
          showSecond(event);
          break;
      }
    },
    lastWord(line) {
      end();
      stopped = true;
      // What the terminal itself has echoed, such as ^C, is written over.
      context.stderr.write(`${isTerminal ? '\r' : ''}${line}\n`);
    },
    end,
  };
}
