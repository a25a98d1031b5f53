import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

const run = promisify(execFile);

describe('the memory benchmark', () => {
  beforeAll(async () => {
    const compiler = path.join(packageRoot, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', path.join(packageRoot, 'bench/tsconfig.json')]);
  });

  it('measures every row at smoke size', async () => {
    const script = path.join(packageRoot, 'dist/bench-build/bench/bytes-per-peer.js');
    const { stdout } = await run(process.execPath, [script, '--smoke', '--json']);
    const rows = JSON.parse(stdout) as Record<string, number | string>[];
    expect(
      rows.map(({ subject, family, peers, swarmPeers }) => [subject, family, peers, swarmPeers]),
    ).toEqual([
      ['handler', 4, 2000, 1],
      ['handler', 4, 2000, 10],
      ['handler', 4, 2000, 100],
      ['handler', 6, 2000, 1],
      ['handler', 6, 2000, 10],
      ['handler', 6, 2000, 100],
      ['tracker', 4, 2000, 10],
      ['tracker', 4, 2000, 100],
    ]);
    for (const { growthBytes, peers, bytesPerPeer } of rows) {
      // At this size the figure says nothing of peers, and a collection may even make it negative.
      expect(Number.isFinite(growthBytes)).toBe(true);
      expect(bytesPerPeer).toBe(Number(growthBytes) / Number(peers));
    }
  });
});
