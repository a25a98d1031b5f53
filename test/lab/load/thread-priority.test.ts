import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, test } from 'vitest';
import { start } from './load-harness.ts';

/** Bit of CAP_SYS_NICE in the set of effective capabilities, `<linux/capability.h>`. */
const CAP_SYS_NICE = 23n;

function mayGoBeforeOthers(): boolean {
  if (process.platform !== 'linux') return false;
  const set = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${set}`) & (1n << CAP_SYS_NICE)) !== 0n;
}

/** By thread of this process. */
function niceValues(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const text = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

const preferred = (): number => niceValues().filter((nice) => nice === -15).length;

describe.skipIf(!mayGoBeforeOthers())('where the system allows it', () => {
  test('a load thread with a core of its own goes before others, and no thread else', async () => {
    const before = preferred();
    const own = getPriority();
    const { pool } = await start(9, {}, { ownCores: true });
    expect(preferred()).toBe(before + 1);
    expect(getPriority()).toBe(own);
    await pool.abort();
  });

  test('one that may share the core of the target does not', async () => {
    const before = preferred();
    const { pool } = await start(9, {}, { ownCores: false });
    expect(preferred()).toBe(before);
    await pool.abort();
  });
});
