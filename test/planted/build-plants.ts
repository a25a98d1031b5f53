/** Compiles the planted trackers that need it, once, into a temporary folder. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface BuiltPlants {
  /** Holds a binary for each plant of Go and of C, by the name of its source. */
  readonly folder: string;
  /** Runtimes that cannot be run here, with the reason. */
  readonly missing: ReadonlyMap<'go' | 'c', string>;
  remove(): void;
}

const cPrograms = ['linear-scan', 'clock-file', 'batched', 'busy-helper'];

/**
 * @param sources - the folder test/planted
 * @throws Error where a compiler is there and fails
 */
export function buildPlants(sources: string): BuiltPlants {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'planted-'));
  const missing = new Map<'go' | 'c', string>();
  if (isThere('go', ['version'])) buildGo(path.join(sources, 'go'), folder);
  else missing.set('go', 'Go is not installed');
  if (!isThere('gcc', ['--version'])) missing.set('c', 'gcc is not installed');
  else for (const program of cPrograms) buildC(path.join(sources, 'c', `${program}.c`), folder, program);
  return { folder, missing, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function isThere(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function buildGo(sources: string, folder: string): void {
  const environment = { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', GOWORK: 'off' };
  compile('go', ['build', '-buildvcs=false', '-o', `${folder}/`, './...'], sources, environment);
}

function buildC(source: string, folder: string, program: string): void {
  // Frames as they were written: a function that is inlined cannot be named.
  const flags = ['-O2', '-g', '-fno-omit-frame-pointer', '-fno-inline'];
  compile('gcc', [...flags, '-o', path.join(folder, program), source], folder, process.env);
}

function compile(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
