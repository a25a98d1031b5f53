/** Live progress on stderr: one calm panel line where it is a terminal, a plain line every few seconds where not. */
import { createLogUpdate } from 'log-update';
import type { LabEvent } from '../lab/lab-event.ts';
import type { Milliseconds } from '../units.ts';
import type { CliContext } from './context.ts';

export interface Progress {
  readonly onEvent: (event: LabEvent) => void;
  /** Leaves the terminal as it was. */
  readonly end: () => void;
}

/** Between two plain lines of one phase. */
const PLAIN_LINE_EVERY_MS = 5_000;

/** @param quiet - print nothing but notes */
export function createProgress(context: CliContext, quiet: boolean): Progress {
  const isTerminal = context.stderr.isTTY === true && !quiet;
  const panel = isTerminal ? createLogUpdate(context.stderr as NodeJS.WriteStream) : null;
  let lastPlainMs = Number.NEGATIVE_INFINITY;

  function printLine(line: string): void {
    panel?.clear();
    context.stderr.write(`${line}\n`);
  }

  function showSecond(event: Extract<LabEvent, { kind: 'second' }>): void {
    const line = describeSecond(event);
    if (panel !== null) {
      panel(line);
    } else if (!quiet && event.elapsedMs - lastPlainMs >= PLAIN_LINE_EVERY_MS) {
      lastPlainMs = event.elapsedMs;
      printLine(line);
    }
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
        case 'second':
          showSecond(event);
          break;
      }
    },
    end() {
      panel?.clear();
      panel?.done();
    },
  };
}

function describeSecond(event: Extract<LabEvent, { kind: 'second' }>): string {
  const { row } = event;
  const failed = row.timedOut + row.errorReplies + row.malformedReplies + row.sendFailed;
  return [
    `  ${row.phase.padEnd(8)} ${seconds(event.elapsedMs)} of ${seconds(event.totalMs)}`,
    `${Math.round((row.succeeded * 1000) / row.spanMs).toLocaleString('en-US')} req/s`,
    `P95 ${row.latencyNsP95 === null ? 'no reply' : `${(row.latencyNsP95 / 1e6).toFixed(2)} ms`}`,
    `errors ${failed.toLocaleString('en-US')}`,
    `tracker CPU ${event.targetCpuShare === null ? 'not measured' : `${Math.round(event.targetCpuShare * 100)} %`}`,
  ].join(' · ');
}

function seconds(durationMs: Milliseconds): string {
  return `${(durationMs / 1000).toFixed(0).padStart(3)} s`;
}
