/** What is different when it is slow: of a tracker that stands still now and then, and of ours, which does not. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Report, reportSchema } from '../../src/analyze/report/report-schema.ts';
import { runLab } from './watched-lab.ts';

// A hundred workers: what waits while the tracker stands still is more than one request in a hundred of its slice.
const short = ['--scenario', 'medium', '--warmup', '500ms', '--duration', '1s', '--profile-duration', '14s'];
let root = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tracker-lab-slow-'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** Exit code 11: this machine was too busy to judge; the comparison must be there all the same. */
async function whenSlowOf(out: string, args: readonly string[]): Promise<NonNullable<Report['whenSlow']>> {
  const ended = await runLab(['--out', path.join(root, out), '--json', ...short, ...args]);
  expect([0, 11], ended.stderr).toContain(ended.exitCode);
  const { whenSlow } = reportSchema.parse(JSON.parse(ended.stdout));
  return whenSlow as NonNullable<Report['whenSlow']>;
}

it('the function that holds a tracker up every second is named', async () => {
  const port = await freeUdpPort();
  const tracker = fileURLToPath(new URL('fixtures/sweeping-tracker.mjs', import.meta.url));
  const found = await whenSlowOf('sweeping', [
    ...['--target', `udp://127.0.0.1:${port}`],
    ...['--exec', `${process.execPath} ${tracker} ${port}`],
  ]);
  expect(found.verdict, found.reason).toBe('found');
  const [first] = found.functions;
  expect(first?.functionName).toBe('sweepExpired');
  expect(first?.file).toMatch(/sweeping-tracker\.mjs$/);
  expect(first?.liftLow).toBeGreaterThan(1);
  expect(first?.slowShare).toBeGreaterThan(first?.otherShare as number);
}, 120_000);

it('of our own tracker no function is named', async () => {
  const found = await whenSlowOf('own', []);
  expect(found.functions).toEqual([]);
  expect(found.slices?.count).toBeGreaterThan(5);
}, 120_000);
