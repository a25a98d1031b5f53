import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InfoHashSet } from '../../src/tracker/info-hash-set.ts';
import { createLog } from '../../src/tracker/log.ts';
import { followWhitelist, type Whitelist } from '../../src/tracker/whitelist.ts';
import { readWhitelistLine } from '../../src/tracker/whitelist-line.ts';

const key = Uint32Array.of(3, 4);

function hashOf(number: number): string {
  return number.toString(16).padStart(40, '0');
}

describe('readWhitelistLine', () => {
  const digits = '0123456789abcdefABCDEF0123456789abcdef01';

  it.each([
    ['40 digits', digits],
    ['spaces and a carriage return around', `  ${digits}\t\r`],
    ['a comment behind', `${digits} # the film`],
  ])('reads %s', (_, line) => {
    const target = new Uint8Array(20);
    expect(readWhitelistLine(line, target)).toBe('hash');
    expect(Buffer.from(target).toString('hex')).toBe(digits.toLowerCase());
  });

  it.each(['', '   ', '# comment', `#${digits}`])('passes over %j', (line) => {
    expect(readWhitelistLine(line, new Uint8Array(20))).toBe('empty');
  });

  it.each([
    digits.slice(1),
    `${digits}0`,
    `${digits} ${digits}`,
    `0x${digits.slice(2)}`,
    digits.replace('f', 'g'),
  ])('refuses %j', (line) => {
    const target = new Uint8Array(20);
    expect(readWhitelistLine(line, target)).toBe('invalid');
    expect(target).toEqual(new Uint8Array(20));
  });
});

describe('InfoHashSet', () => {
  it('has what was added, once, and nothing else', () => {
    const set = new InfoHashSet(key);
    const bytes = (number: number) => Buffer.from(hashOf(number), 'hex');
    for (let number = 0; number < 6000; number += 2) {
      set.add(bytes(number), 0);
      set.add(bytes(number), 0);
    }
    expect(set.size).toBe(3000);
    const found = Array.from({ length: 6000 }, (_, number) => set.has(bytes(number), 0));
    expect(found.every((has, number) => has === (number % 2 === 0))).toBe(true);
  });
});

describe('followWhitelist', () => {
  let folder: string;
  let file: string;
  let whitelist: Whitelist | undefined;
  let allowed: InfoHashSet;
  let lines: string[];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tracker-whitelist-'));
    file = path.join(folder, 'list.txt');
    lines = [];
  });

  afterEach(async () => {
    whitelist?.stop();
    await rm(folder, { recursive: true });
  });

  async function follow(): Promise<void> {
    whitelist = await followWhitelist({
      file,
      key,
      log: createLog('info', (line) => lines.push(line)),
      pollMs: 20,
      onSet: (set) => {
        allowed = set;
      },
    });
  }

  const allows = (number: number) => allowed.has(Buffer.from(hashOf(number), 'hex'), 0);

  it('reads the list, and names the lines that are no hash', async () => {
    await writeFile(
      file,
      `# list\n\n${hashOf(1)}\nnonsense\n${hashOf(2)} # two\r\n${'x\n'.repeat(5)}${hashOf(3)}`,
    );
    await follow();
    expect([0, 1, 2, 3].map(allows)).toEqual([false, true, true, true]);
    expect(lines.filter((line) => line.includes('line ')).map((line) => /line \d+/.exec(line)?.[0])).toEqual([
      'line 4',
      'line 6',
      'line 7',
    ]);
    expect(lines.join('\n')).toContain('6 lines in all');
  });

  it('reads it again when it is written, replaced, removed and put back', async () => {
    await writeFile(file, hashOf(1));
    await follow();
    expect([1, 2].map(allows)).toEqual([true, false]);

    await writeFile(file, `${hashOf(1)}\n${hashOf(2)}\n`);
    await vi.waitFor(() => expect([1, 2].map(allows)).toEqual([true, true]));

    await writeFile(`${file}.new`, `${hashOf(2)}\n${hashOf(3)}\n`);
    await rename(`${file}.new`, file);
    await vi.waitFor(() => expect([1, 2, 3].map(allows)).toEqual([false, true, true]));

    await rm(file);
    await vi.waitFor(() => expect([1, 2, 3].map(allows)).toEqual([false, false, false]));

    await writeFile(file, hashOf(3));
    await vi.waitFor(() => expect([2, 3].map(allows)).toEqual([false, true]));
  });

  it('allows nothing while there is no file, or a folder in its place', async () => {
    await follow();
    expect(allowed.size).toBe(0);
    expect(lines.join('\n')).toContain('ENOENT');
    whitelist?.stop();
    file = folder;
    await follow();
    expect(allowed.size).toBe(0);
    expect(lines.join('\n')).toContain('EISDIR');
  });
});
