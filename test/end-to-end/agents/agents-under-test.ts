/** Labs and load agents as processes, which end with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect } from 'vitest';
import { analyzeRun } from '../../../src/analyze/analyze.ts';
import { builtEntry } from '../../../src/package-root.ts';
import { type Run, runSchema } from '../../../src/run.ts';
import { type Child, startChild } from '../child.ts';

const children: Child[] = [];
const scratch: string[] = [];
afterAll(async () => {
  for (const child of children) await child.stop().catch(() => undefined);
  for (const folder of scratch) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed after the tests. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tracker-lab-agents-'));
  scratch.push(folder);
  return folder;
}

/** A load of 600 requests/s, so that all of it has room on two cores. */
const quietLoad = [
  ...['--scenario', 'light', '--rate', '600', '--timeout', '1s', '--warmup', '300ms'],
  ...['--profile-duration', '0'],
];

/**
 * Starts a program that ends with the tests.
 *
 * @param words - the command; words that lead to another host may stand before it
 */
export function startProgram(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Child {
  const [file = '', ...rest] = words;
  const spawned: ChildProcess = spawn(file, rest, { env: { ...process.env, ...environment } });
  const child = startChild(spawned);
  child.exitCode.catch(() => undefined);
  children.push(child);
  return child;
}

/**
 * Starts an agent of one load thread and waits until it waits for work.
 *
 * @param before - words before the command, which lead to another host
 */
export async function startAgent(
  name: string,
  redis: string,
  { before = [], more = [] }: { readonly before?: readonly string[]; readonly more?: readonly string[] } = {},
): Promise<Child> {
  const args = [builtEntry('cli/main.js'), 'agent', '--name', name, '--threads', '1', ...more];
  const child = startProgram([...before, process.execPath, ...args], { LAB_REDIS: redis });
  await child.errorLine((line) => line.includes(`Agent ${name} waits for work`));
  return child;
}

interface EndedLab {
  readonly exitCode: number | null;
  readonly run: Run;
  readonly markdown: string;
  /** run.json as it is. */
  readonly text: string;
}

/**
 * Starts a lab with the quiet load.
 *
 * @param before - as in {@link startAgent}
 */
export function startLab(
  args: readonly string[],
  redis: string,
  before: readonly string[] = [],
): { readonly child: Child; ended(): Promise<EndedLab> } {
  const out = scratchFolder();
  const child = startProgram(
    [...before, process.execPath, builtEntry('cli/main.js'), '--out', out, ...quietLoad, ...args],
    { LAB_REDIS: redis },
  );
  return {
    child,
    async ended() {
      const exitCode = await child.exitCode;
      const [name] = readdirSync(out).filter((entry) => entry !== 'history.jsonl');
      const read = (file: string): string => readFileSync(path.join(out, name as string, file), 'utf8');
      const text = read('run.json');
      const markdown = read('report.md');
      // A partial run can be analysed anew, and says the same then.
      expect((await analyzeRun(path.join(out, name as string))).markdown).toBe(markdown);
      return { exitCode, run: runSchema.parse(JSON.parse(text)), markdown, text };
    },
  };
}

/** Requests of one kind in all phases. */
export function sentOf({ phases }: Run, operation: 'announce' | 'scrape'): number {
  return phases.reduce((sum, phase) => sum + phase.operations[operation].sent, 0);
}

/** Requests of the clean phase. */
export function cleanSentOf({ phases }: Run): number {
  const clean = phases.find(({ phase }) => phase === 'clean');
  return Object.values(clean?.operations ?? {}).reduce((sum, { sent }) => sum + sent, 0);
}
