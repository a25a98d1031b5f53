/** A real lab with our tracker or a foreign one, up to the point in its run at which a fault is put in. */
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { type PhaseName, type Run, runSchema } from '../../../src/run.ts';
import type { Child } from '../child.ts';
import { type LabOptions, runLab, WatchedLab } from '../watched-lab.ts';

const POINT_TIMEOUT_MS = 25_000;
export const foreignTracker = fileURLToPath(new URL('foreign-tracker.mjs', import.meta.url));

/** Whose tracker is measured. */
export const trackers = ['ours', 'foreign'] as const;
export type Tracker = (typeof trackers)[number];

/** Where in a run a fault is put in. */
export const points = ['start', 'warm-up', 'clean', 'profiled', 'profile-write', 'report'] as const;
export type Point = (typeof points)[number];

/** Every point with either tracker and either signal, and either tracker with either signal. */
export const signalled = points.flatMap((point, index) =>
  trackers.map((tracker, which) => {
    const signal: 'SIGINT' | 'SIGTERM' = (index + which) % 2 === 0 ? 'SIGINT' : 'SIGTERM';
    return { tracker, point, signal };
  }),
);
export const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export function fixture(name: string): string {
  return path.join(import.meta.dirname, '..', 'fixtures', name);
}

/** Node options by which a preload of test/end-to-end/fixtures is in the lab's processes, the tracker among them. */
export function preloaded(name: string): { readonly NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `--require=${fixture(name)}` };
}

const scratch: string[] = [];
afterAll(() => {
  for (const folder of scratch) rmSync(folder, { recursive: true, force: true });
});

export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tracker-lab-faults-'));
  scratch.push(folder);
  return folder;
}

/** The phase of the fault is long, those before it are short. */
function phaseLengths(point: Point): readonly string[] {
  const length = (phase: Point) => (phase === point ? '30s' : '300ms');
  return [
    ...['--warmup', length('warm-up'), '--duration', length('clean')],
    ...['--profile-duration', length('profiled')],
  ];
}

/** Flags of a slow, steady load, so that several labs fit on a small machine. */
export const quietLoad = ['--scenario', 'light', '--rate', '200', '--timeout', '500ms'] as const;

export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind(0, '127.0.0.1', resolve);
  });
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** Flags of a tracker of the kind; a foreign one gets a port of its own. */
export async function targetFlags(tracker: Tracker, command: string | null = null): Promise<string[]> {
  if (tracker === 'ours') return [];
  const port = await freePort();
  return [
    ...['--target', `udp://127.0.0.1:${port}`],
    ...['--exec', `${command ?? `node ${foreignTracker}`} --port ${port}`],
  ];
}

/** A child that the lab has just forked still has the lab's own command line, which names the foreign tracker, too. */
const commandLines: Readonly<Record<Tracker, RegExp>> = {
  ours: /tracker\/main\.js/,
  foreign: /^(?!.*cli\/main\.js).*foreign-tracker\.mjs/,
};

export class LabUnderFault {
  readonly out: string;
  readonly lab: WatchedLab;
  readonly #tracker: Tracker;

  private constructor(lab: WatchedLab, out: string, tracker: Tracker) {
    this.lab = lab;
    this.out = out;
    this.#tracker = tracker;
  }

  static async start({
    tracker,
    point,
    more = [],
    target,
    options = {},
  }: {
    readonly tracker: Tracker;
    readonly point: Point;
    readonly more?: readonly string[];
    /** Flags that name the tracker. Default: as {@link targetFlags} has them. */
    readonly target?: readonly string[];
    readonly options?: LabOptions;
  }): Promise<LabUnderFault> {
    const out = path.join(scratchFolder(), 'out');
    const named = target ?? (await targetFlags(tracker));
    const args = ['--out', out, ...quietLoad, ...phaseLengths(point), ...named, ...more];
    // Else a test on a busy machine comes after the start.
    const env = point === 'start' ? preloaded('slow-tracker-start.cjs') : {};
    const lab = WatchedLab.start(args, { ...options, env: { ...env, ...options.env } });
    return new LabUnderFault(lab, out, tracker);
  }

  get child(): Child {
    return this.lab.child;
  }

  /** Resolves when the run has come to the point. */
  async reach(point: Point): Promise<void> {
    if (point === 'start') {
      await this.child.errorLine((line) => line.startsWith('Scenario '));
    } else if (point === 'profile-write') {
      await this.#until(() => this.#files().some((file) => /\/cpu\.pb\.gz/.test(file)));
    } else if (point === 'report') {
      await this.#until(() => this.#files().some((file) => file.endsWith('/run.json') && isWhole(file)));
    } else {
      await this.child.errorLine((line) => line === `Phase: ${point}`);
    }
  }

  async #until(isReached: () => boolean): Promise<void> {
    await this.child.errorLine((line) => line === 'Phase: profiled');
    for (const endMs = performance.now() + POINT_TIMEOUT_MS; !isReached(); await delay(2)) {
      if (performance.now() > endMs) throw new Error(`not reached within ${POINT_TIMEOUT_MS} ms`);
    }
  }

  #files(): string[] {
    return this.folders().flatMap((folder) => readdirSync(folder).map((file) => path.join(folder, file)));
  }

  folders(): string[] {
    if (!existsSync(this.out)) return [];
    return readdirSync(this.out)
      .filter((name) => name !== 'history.jsonl')
      .map((name) => path.join(this.out, name));
  }

  /** Process id of the tracker that it has started; null: none runs. */
  runningTracker(): number | null {
    const found = this.lab.started(commandLines[this.#tracker]);
    if (found.length > 1) throw new Error(`${found.length} trackers are running`);
    return found[0] ?? null;
  }

  /** The same, of a lab of which it is known to run. */
  tracker(): number {
    const pid = this.runningTracker();
    if (pid === null) throw new Error('no tracker is running');
    return pid;
  }

  /** Resolves when its tracker has been started. */
  async untilTrackerStarted(): Promise<number> {
    for (const endMs = performance.now() + POINT_TIMEOUT_MS; performance.now() < endMs; await delay(5)) {
      const pid = this.runningTracker();
      if (pid !== null) return pid;
    }
    throw new Error(`no tracker within ${POINT_TIMEOUT_MS} ms`);
  }

  /** Resolves when run.json has this phase with its figures, while the run goes on. */
  async untilSaved(phase: PhaseName): Promise<void> {
    await this.#until(() => this.folder().run.phases.some((saved) => saved.phase === phase));
  }

  /** The run that it left, of which it must be the only one. */
  folder(): { folder: string; run: Run } {
    const [folder, ...others] = this.folders();
    expect(others).toEqual([]);
    if (folder === undefined) throw new Error('no run was left');
    const run = runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')));
    return { folder, run };
  }

  /** The same with its report. */
  run(): { folder: string; run: Run; markdown: string } {
    const left = this.folder();
    return { ...left, markdown: readFileSync(path.join(left.folder, 'report.md'), 'utf8') };
  }
}

/** The lab has written the run's end, and not only how far it had come. */
function isWhole(runFile: string): boolean {
  return (JSON.parse(readFileSync(runFile, 'utf8')) as Run).partial === null;
}

/** Resolves with the time, by `performance.now()`, at which a process has ended, whoever reaps it. */
export async function endOf(pid: number): Promise<number> {
  for (const endMs = performance.now() + POINT_TIMEOUT_MS; performance.now() < endMs; await delay(5)) {
    try {
      if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return performance.now();
    } catch {
      return performance.now();
    }
  }
  throw new Error(`process ${pid} has not ended within ${POINT_TIMEOUT_MS} ms`);
}

/** What a reader sees first: the line below the report's title. */
export function firstLine(markdown: string): string {
  const [, line] = markdown.split('\n').filter((text) => text !== '');
  return line ?? '';
}

/** Judges the folder again, as an operator does afterwards. */
export async function expectAnalyzable(folder: string): Promise<string> {
  const ended = await runLab(['analyze', folder]);
  expect(ended.exitCode, ended.stderr).toBe(0);
  return ended.stdout;
}
