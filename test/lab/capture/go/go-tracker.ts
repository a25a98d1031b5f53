import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../../../src/package-root.ts';
import { startChild } from '../../../end-to-end/child.ts';

export interface GoTracker {
  readonly port: number;
  /** `http://127.0.0.1:PORT/debug/pprof`. */
  readonly pprofUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Compiles the tracker of test/fixtures/go-tracker. */
export function buildGoTracker(): { readonly binary: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'go-tracker-'));
  const binary = path.join(folder, 'tracker');
  execFileSync('go', ['build', '-buildvcs=false', '-o', binary, '.'], {
    cwd: path.join(packageRoot, 'test/fixtures/go-tracker'),
    env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { binary, remove: () => rmSync(folder, { recursive: true }) };
}

export async function startGoTracker(binary: string, flags: readonly string[] = []): Promise<GoTracker> {
  const args = ['-addr', '127.0.0.1:0', '-pprof', '127.0.0.1:0', ...flags];
  const child = startChild(
    spawn(binary, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A tracker this small may keep less than Go's 512 KiB between two samples.
      env: { ...process.env, GODEBUG: 'memprofilerate=4096' },
    }),
  );
  const line = await child.line((text) => text.startsWith('ready '));
  const [, port, pprofUrl] = /^ready udp:\/\/127\.0\.0\.1:(\d+) pprof (\S+)$/.exec(line) ?? [];
  return {
    port: Number(port),
    pprofUrl: pprofUrl ?? '',
    pid: child.process.pid ?? 0,
    stop: () => child.stop(),
  };
}
