import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtEntry } from '../../../src/package-root.ts';

// A process of its own: the test runner is full of addons whose functions V8 confuses with the marker.
const program = fileURLToPath(new URL('fixtures/native-calls.mjs', import.meta.url));
const skipNote = hasKoffi() ? '' : ' (skipped: koffi does not load)';

function hasKoffi(): boolean {
  try {
    createRequire(import.meta.url)('koffi');
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(skipNote !== '')(`calls into native addons${skipNote}`, () => {
  it('stand in a CPU profile under one honest name, not under that of another function', () => {
    builtEntry('lab/capture/thread-profilers.js');
    const { missing, names } = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' }));
    expect(missing).toEqual([]);
    expect(names).toContain('(native addon)');
    for (const wrong of ['memmove', 'abs', 'getppid']) expect(names).not.toContain(wrong);
  });
});
