/** A real lab with a marked environment, so that whatever it leaves behind is found. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, expect, vi } from 'vitest';
import { builtEntry } from '../../../src/package-root.ts';
import { type Run, runSchema } from '../../../src/run.ts';
import { type Child, startChild } from '../child.ts';

const MARKER = 'TRACKER_LAB_FAULT_TEST';
/** Of the table of faults: nothing runs any more after this. */
const GONE_WITHIN_MS = 5_000;
const POINT_TIMEOUT_MS = 25_000;
export const foreignTracker = fileURLToPath(new URL('foreign-tracker.mjs', import.meta.url));

/** Whose tracker is measured. */
export const trackers = ['ours', 'foreign'] as const;
export type Tracker = (typeof trackers)[number];

/** Where in a run a fault is put in. */
export const points = ['start', 'warm-up', 'clean', 'profiled', 'profile-write', 'report'] as const;
export type Point = (typeof points)[number];

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

export class LabUnderFault {
  readonly out: string;
  readonly child: Child;
  readonly #temporary: string;
  readonly #marker: string;
  readonly #port: number | null;

  private constructor(options: {
    child: Child;
    out: string;
    temporary: string;
    marker: string;
    port: number | null;
  }) {
    this.child = options.child;
    this.out = options.out;
    this.#temporary = options.temporary;
    this.#marker = options.marker;
    this.#port = options.port;
  }

  static async start({
    tracker,
    point,
    more = [],
    command = null,
    port = null,
  }: {
    readonly tracker: Tracker;
    readonly point: Point;
    readonly more?: readonly string[];
    /** Of the foreign tracker, before its port. */
    readonly command?: string | null;
    /** Where the foreign one is to serve. Default: a free one, which must be free afterwards. */
    readonly port?: number | null;
  }): Promise<LabUnderFault> {
    const folder = scratchFolder();
    const [out, temporary] = [path.join(folder, 'out'), path.join(folder, 'tmp')];
    mkdirSync(temporary);
    const servedPort = tracker === 'foreign' ? (port ?? (await freePort())) : null;
    const target =
      servedPort === null
        ? []
        : [
            ...['--target', `udp://127.0.0.1:${servedPort}`],
            ...['--exec', `${command ?? `node ${foreignTracker}`} --port ${servedPort}`],
          ];
    const args = [...quietLoad, ...phaseLengths(point), ...target, ...more];
    const marker = randomUUID();
    const child = startChild(
      spawn(process.execPath, [builtEntry('cli/main.js'), '--out', out, ...args], {
        detached: true,
        env: { ...process.env, TMPDIR: temporary, [MARKER]: marker },
      }),
    );
    // A test that waits for a line says so itself; a lab that nobody waits for must not fail the file.
    child.exitCode.catch(() => {});
    return new LabUnderFault({ child, out, temporary, marker, port: servedPort });
  }

  /** Resolves when the run has come to the point. */
  async reach(point: Point): Promise<void> {
    if (point === 'start') {
      await this.child.errorLine((line) => line.startsWith('Scenario '));
    } else if (point === 'profile-write') {
      await this.#untilFile(/^cpu\.pb\.gz/);
    } else if (point === 'report') {
      await this.#untilFile(/^run\.json$/);
    } else {
      await this.child.errorLine((line) => line === `Phase: ${point}`);
    }
  }

  async #untilFile(name: RegExp): Promise<void> {
    await this.child.errorLine((line) => line === 'Phase: profiled');
    for (const endMs = performance.now() + POINT_TIMEOUT_MS; ; await delay(2)) {
      const found = this.folders().some((folder) => readdirSync(folder).some((file) => name.test(file)));
      if (found) return;
      if (performance.now() > endMs) throw new Error(`no file ${name} within ${POINT_TIMEOUT_MS} ms`);
    }
  }

  folders(): string[] {
    if (!existsSync(this.out)) return [];
    return readdirSync(this.out)
      .filter((name) => name !== 'history.jsonl')
      .map((name) => path.join(this.out, name));
  }

  /** Its processes that are alive, the lab among them, by their environment. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARKER}=${this.#marker}`);
        } catch {
          return false;
        }
      });
  }

  /** Process id of the tracker that it has started. */
  tracker(): number {
    const isTracker = this.#port === null ? /tracker\/main\.js/ : /foreign-tracker\.mjs/;
    const found = this.processes().filter((pid) => {
      if (pid === this.child.process.pid) return false;
      return isTracker.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    });
    if (found.length !== 1) throw new Error(`${found.length} trackers are running`);
    return found[0] as number;
  }

  /** The run that it left, of which it must be the only one. */
  run(): { folder: string; run: Run; markdown: string } {
    const [folder, ...others] = this.folders();
    expect(others).toEqual([]);
    if (folder === undefined) throw new Error('no run was left');
    return {
      folder,
      run: runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'))),
      markdown: readFileSync(path.join(folder, 'report.md'), 'utf8'),
    };
  }

  /** No process, no port, no temporary file. */
  async expectNothingLeft(): Promise<void> {
    await vi.waitFor(() => expect(this.processes()).toEqual([]), { timeout: GONE_WITHIN_MS, interval: 20 });
    if (this.#port !== null) await expectFree(this.#port);
    expect(readdirSync(this.#temporary)).toEqual([]);
    for (const folder of this.folders()) {
      expect(readdirSync(folder).filter((name) => /tmp/.test(name))).toEqual([]);
    }
  }

  /** Ends what may be left of a test that failed. */
  end(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
  }
}

async function expectFree(port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind(port, '127.0.0.1', resolve);
  });
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

/** What a reader sees first: the line below the report's title. */
export function firstLine(markdown: string): string {
  const [, line] = markdown.split('\n').filter((text) => text !== '');
  return line ?? '';
}

/** Judges the folder again, as an operator does afterwards. */
export async function expectAnalyzable(folder: string): Promise<string> {
  const ended = await execa(process.execPath, [builtEntry('cli/main.js'), 'analyze', folder], {
    reject: false,
  });
  expect(ended.exitCode, ended.stderr).toBe(0);
  return ended.stdout;
}
