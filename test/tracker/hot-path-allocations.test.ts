import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

const run = promisify(execFile);
/** Room for all that the rounds could allocate, so that no collection hides it. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'];

test('an announce allocates nothing once the code is compiled', async () => {
  const script = path.join(packageRoot, 'test/tracker/hot-path-allocations.mjs');
  const { stdout } = await run(process.execPath, [...FLAGS, script]);
  const { bytesPerAnnounce, answered, announces } = JSON.parse(stdout) as {
    readonly bytesPerAnnounce: readonly number[];
    readonly answered: number;
    readonly announces: number;
  };
  expect(answered).toBeGreaterThan(announces * 0.99);
  // The smallest object has 12 bytes: one an announce, or one in ten of them, would show. The least of the rounds: in the
  // others the compiler may still be at work.
  expect(Math.min(...bytesPerAnnounce)).toBeLessThan(1);
});
