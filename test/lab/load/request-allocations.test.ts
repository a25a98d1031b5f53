import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';

const run = promisify(execFile);
/** Room for all that the rounds could allocate, so that no collection hides it. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'];

test.each(['closed', 'open'])('the generator makes no object per request, %s loop', async (loop) => {
  const script = path.join(packageRoot, 'test/lab/load/request-allocations.mjs');
  const { stdout } = await run(process.execPath, [...FLAGS, script, loop]);
  const { bytesPerRequest, succeeded, requests } = JSON.parse(stdout) as {
    readonly bytesPerRequest: readonly number[];
    readonly succeeded: number;
    readonly requests: number;
  };
  expect(succeeded).toBeGreaterThan(requests * 0.99);
  // The smallest object has 12 bytes, a boxed number 16; a turn of 64 requests has a dozen of the latter. The least of the
  // rounds: in the others the compiler may still be at work.
  expect(Math.min(...bytesPerRequest), bytesPerRequest.join(' ')).toBeLessThan(6);
});
