/**
 * The built lab as every end-to-end test starts it, in an environment of its own that its processes inherit. After each
 * test, whatever a lab that has ended left behind fails it: a process, a port, a temporary file, half a file.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, vi } from 'vitest';
import { builtEntry } from '../../src/package-root.ts';
import { type Child, startChild } from './child.ts';

const MARKER = 'TRACKER_LAB_END_TO_END_TEST';
/** Of the table of faults: nothing runs any more after this. */
const GONE_WITHIN_MS = 5_000;

export interface LabOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node before the lab's script. */
  readonly nodeArgs?: readonly string[];
  /** A program with its arguments that is started, and is to start the lab. */
  readonly under?: readonly string[];
}

/** Labs that were started and not looked at since they ended. */
const watched = new Set<WatchedLab>();

afterEach(async () => {
  for (const lab of watched) if (lab.hasEnded) await lab.expectNothingLeft();
});
afterAll(async () => {
  // A lab that a failed test left at work.
  for (const lab of watched) lab.killAll();
});

export class WatchedLab {
  readonly child: Child;
  readonly #marker = randomUUID();
  readonly #temporary = mkdtempSync(path.join(tmpdir(), 'lab-'));
  readonly #args: readonly string[];
  readonly #closed: Promise<void>;
  #stdout = '';
  #stderr = '';

  private constructor(args: readonly string[], { env, nodeArgs = [], under = [] }: LabOptions) {
    this.#args = args;
    const words = [...under, process.execPath, ...nodeArgs, builtEntry('cli/main.js'), ...args];
    const [program, ...programArgs] = words as [string, ...string[]];
    watched.add(this);
    this.child = startChild(
      spawn(program, programArgs, {
        // As a terminal does: a process group of its own.
        detached: true,
        env: { ...process.env, ...env, TMPDIR: this.#temporary, [MARKER]: this.#marker },
      }),
    );
    this.child.process.stdout?.on('data', (text) => {
      this.#stdout += text;
    });
    this.child.process.stderr?.on('data', (text) => {
      this.#stderr += text;
    });
    this.#closed = new Promise((resolve) => {
      this.child.process.once('close', resolve);
    });
    // A test that waits for a line says so itself; a lab that nobody waits for must not fail the file.
    this.child.exitCode.catch(() => {});
  }

  static start(args: readonly string[], options: LabOptions = {}): WatchedLab {
    return new WatchedLab(args, options);
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.child.process;
    return exitCode !== null || signalCode !== null;
  }

  /** Resolves when it has ended, with all that it said. */
  async ended(): Promise<EndedLab> {
    const exitCode = await this.child.exitCode;
    await this.#closed;
    return { exitCode, stdout: this.#stdout.trimEnd(), stderr: this.#stderr.trimEnd() };
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

  /** Those of its processes, other than the lab itself, whose command line matches. */
  started(commandLine: RegExp): number[] {
    return this.processes().filter((pid) => {
      if (pid === this.child.process.pid) return false;
      try {
        return commandLine.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        return false;
      }
    });
  }

  /**
   * No process, no port, no temporary file, no half file; to be called after its end.
   *
   * @returns ms until its last process was gone
   */
  async expectNothingLeft(): Promise<number> {
    watched.delete(this);
    const startMs = performance.now();
    if (process.platform === 'linux') {
      // A process has no environment while it becomes another program, so that one look at all of them is not enough.
      const looks = () => {
        expect(this.processes().map(describeProcess)).toEqual([]);
        expect(readdirSync(this.#temporary)).toEqual([]);
      };
      await vi.waitFor(looks, { timeout: GONE_WITHIN_MS, interval: 20 });
    }
    const goneAfterMs = performance.now() - startMs;
    expect(readdirSync(this.#temporary)).toEqual([]);
    rmSync(this.#temporary, { recursive: true });
    await this.#expectPortFree();
    const out = this.#argument('--out');
    if (out === null || !existsSync(out)) return goneAfterMs;
    const left = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.tmp'),
    );
    expect(left).toEqual([]);
    for (const name of readdirSync(out)) expectNoMapOfPerf(path.join(out, name, 'run.json'));
    return goneAfterMs;
  }

  /** Ends what may be left of a test that failed. */
  killAll(): void {
    watched.delete(this);
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.#temporary, { recursive: true, force: true });
  }

  /** That of a tracker which the lab started and which is therefore gone. */
  async #expectPortFree(): Promise<void> {
    const port = /^udp:\/\/127\.0\.0\.1:(\d+)$/.exec(this.#argument('--target') ?? '')?.[1];
    if (port === undefined || this.#argument('--exec') === null) return;
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind(Number(port), '127.0.0.1', resolve);
    });
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #argument(flag: string): string | null {
    const at = this.#args.indexOf(flag);
    return at < 0 ? null : (this.#args[at + 1] ?? null);
  }
}

/** Node leaves one for each process that runs with the flags for perf, and always in /tmp. */
function expectNoMapOfPerf(runFile: string): void {
  if (!existsSync(runFile)) return;
  const { target } = JSON.parse(readFileSync(runFile, 'utf8')) as { target: { pid: number | null } };
  if (target.pid !== null) expect(existsSync(`/tmp/perf-${target.pid}.map`)).toBe(false);
}

function describeProcess(pid: number): string {
  try {
    return `${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200)}`;
  } catch {
    return `${pid}`;
  }
}

export interface EndedLab {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the lab to its end, after which nothing may be left. */
export async function runLab(args: readonly string[], options: LabOptions = {}): Promise<EndedLab> {
  const lab = WatchedLab.start(args, options);
  const ended = await lab.ended();
  await lab.expectNothingLeft();
  return ended;
}
