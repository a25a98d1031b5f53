import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';
import type { LabEvent } from '../../src/lab/lab-event.ts';
import type { PhaseName } from '../../src/run.ts';

function watched({ isTTY = false, quiet = false } = {}) {
  const chunks: string[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    chunks.push(chunk.toString());
    done();
  };
  const stderr = Object.assign(new Writable({ write }), { isTTY, columns: 80, rows: 24 });
  const progress = createProgress(
    {
      stdout: stderr,
      stderr,
      env: {},
      cwd: '/',
      entry: '/lab',
      onSignal: () => () => undefined,
      exitNow: () => {
        throw new Error('nobody asked for an end');
      },
    },
    quiet,
  );
  return { progress, text: () => chunks.join(''), stderr };
}

function second(phase: PhaseName, elapsedMs: number): LabEvent {
  const counts = { sent: 9, succeeded: 9, timedOut: 0, errorReplies: 0, malformedReplies: 0, sendFailed: 0 };
  const latency = { latencyNsP50: 1e6, latencyNsP95: 1e6, latencyNsP99: 1e6, latencyNsMax: 1e6 };
  return {
    kind: 'second',
    elapsedMs,
    totalMs: 60_000,
    targetCpuShare: 0.5,
    row: { kind: 'load', atMs: elapsedMs, spanMs: 1000, phase, ...counts, ...latency },
  };
}

describe('the progress on a terminal', () => {
  it('shows the live line of the current phase alone', () => {
    const { progress, text } = watched({ isTTY: true });
    progress.onEvent({ kind: 'phase', phase: 'warm-up' });
    progress.onEvent(second('warm-up', 1_000));
    progress.onEvent({ kind: 'phase', phase: 'clean' });
    const before = text();
    expect(before).toContain('warm-up    1 of  60 s');
    progress.onEvent(second('warm-up', 2_000));
    expect(text()).toBe(before);
    progress.onEvent(second('clean', 3_000));
    expect(text().slice(before.length)).toContain('clean      3 of  60 s');
  });

  it('says its last word on a line of its own, and no live line after it', () => {
    const { progress, text } = watched({ isTTY: true });
    progress.onEvent({ kind: 'phase', phase: 'clean' });
    progress.onEvent(second('clean', 1_000));
    progress.lastWord('SIGINT: stopping');
    expect(text()).toMatch(/\rSIGINT: stopping\n$/);
    const before = text();
    progress.onEvent(second('clean', 2_000));
    progress.end();
    expect(text()).toBe(before);
    progress.onEvent({ kind: 'note', text: 'a note' });
    expect(text().slice(before.length)).toBe('a note\n');
  });
});

describe('the progress on a terminal that is made narrower', () => {
  it('erases the rows into which its line was broken', () => {
    const { progress, text, stderr } = watched({ isTTY: true });
    progress.onEvent({ kind: 'phase', phase: 'clean' });
    progress.onEvent(second('clean', 1_000));
    const before = text();
    stderr.columns = 30;
    progress.onEvent(second('clean', 2_000));
    // 71 columns are three rows of 30: two above the one that the panel erases itself.
    expect(text().slice(before.length).startsWith('\u001b[2A\u001b[J')).toBe(true);
    const after = text();
    progress.onEvent(second('clean', 3_000));
    expect(text().slice(after.length)).not.toContain('[J');
  });

  it('is without colour, whatever NO_COLOR says', () => {
    const { progress, text } = watched({ isTTY: true });
    progress.onEvent({ kind: 'step', text: 'a step' });
    progress.onEvent({ kind: 'phase', phase: 'clean' });
    progress.onEvent(second('clean', 1_000));
    progress.end();
    expect(text()).toContain('\u001b[');
    expect(text()).not.toMatch(/\[[\d;]*m/);
  });
});

describe('the progress in a file', () => {
  it('is a plain line every few seconds, without control characters', () => {
    const { progress, text } = watched();
    progress.onEvent({ kind: 'phase', phase: 'clean' });
    for (let ms = 1_000; ms <= 7_000; ms += 1_000) progress.onEvent(second('clean', ms));
    progress.lastWord('SIGINT: stopping');
    const lines = text().split('\n');
    expect(lines[0]).toBe('Phase: clean');
    expect(lines.filter((line) => line.includes('req/s'))).toHaveLength(2);
    expect(lines.slice(-2)).toEqual(['SIGINT: stopping', '']);
    for (const control of ['\r', '\u001B']) expect(text()).not.toContain(control);
  });

  it('is notes and the last word alone where it is to be quiet', () => {
    const { progress, text } = watched({ quiet: true });
    progress.onEvent({ kind: 'step', text: 'a step' });
    progress.onEvent({ kind: 'phase', phase: 'clean' });
    progress.onEvent(second('clean', 9_000));
    progress.onEvent({ kind: 'note', text: 'a note' });
    progress.lastWord('SIGTERM: stopping');
    expect(text()).toBe('a note\nSIGTERM: stopping\n');
  });
});
