/** The programs in bench/c: compiled where gcc is present. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import type { Skip } from '../results.ts';
import { endChild, startChild } from './child.ts';
import { freePort, untilServing } from './probe.ts';
import type { Candidate } from './server.ts';

export type Yardstick = 'floor-echo' | 'announce-generator';

/** Path of the program, compiled anew where its source is younger; or why there is none. */
export function compileYardstick(name: Yardstick, cache: string): { readonly file: string } | Skip {
  const source = path.join(packageRoot, 'bench/c', `${name}.c`);
  const file = path.join(cache, name);
  if (existsSync(file) && statSync(file).mtimeMs > statSync(source).mtimeMs) return { file };
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync('gcc', ['-O2', '-o', file, source], { stdio: 'pipe' });
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing
      ? 'gcc is not installed'
      : `gcc failed: ${(error as Error).message.split('\n')[1] ?? ''}`;
    return { subject: name, reason };
  }
  return { file };
}

/** @param cpus - the server's cores */
export function floorEcho(cache: string, cpus: string | null): Candidate {
  const compiled = compileYardstick('floor-echo', cache);
  if ('reason' in compiled) return { ...compiled, subject: FLOOR };
  return {
    name: FLOOR,
    version: null,
    async start() {
      const port = await freePort();
      const child = startChild({ file: compiled.file, args: [String(port)], cpus });
      await untilServing(child, port);
      return { port, pid: child.pid as number, stop: () => endChild(child) };
    },
  };
}

export const FLOOR = 'C floor echo';
