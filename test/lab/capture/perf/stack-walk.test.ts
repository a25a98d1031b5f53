import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { chooseStackWalk } from '../../../../src/lab/capture/perf/stack-walk.ts';
import { packageRoot } from '../../../../src/package-root.ts';
import { end } from './real-perf.ts';

const pprofTool = spawnSync('go', ['tool', '-n', 'pprof'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const hasGo = pprofTool !== '' && existsSync(pprofTool);

describe('the way to a caller', () => {
  const children: ReturnType<typeof spawn>[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await end(child);
  });

  it('is by frame pointers for Node.js', async () => {
    expect(await chooseStackWalk([process.pid])).toBe('fp');
  });

  it('is by unwind tables for a C program, and by frame pointers where Node.js is beside it', async () => {
    const sleep = spawn('sleep', ['60'], { stdio: 'ignore' });
    children.push(sleep);
    await once(sleep, 'spawn');
    expect(await chooseStackWalk([sleep.pid as number])).toBe('dwarf');
    expect(await chooseStackWalk([sleep.pid as number, process.pid])).toBe('fp');
  });

  it.skipIf(!hasGo)('is by frame pointers for Go (skipped where Go is not installed)', async () => {
    const profile = path.join(packageRoot, 'test/fixtures/profiles/go-cpu.pb.gz');
    const pprof = spawn(pprofTool, [profile], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(pprof);
    await once(pprof.stdout, 'data');
    expect(await chooseStackWalk([pprof.pid as number])).toBe('fp');
  });
});
