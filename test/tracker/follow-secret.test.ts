import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followSecret } from '../../src/tracker/follow-secret.ts';
import { createLog } from '../../src/tracker/log.ts';
import type { Secrets } from '../../src/tracker/secret-file.ts';

const [OLD, NEW] = ['the secret of all of them', 'another secret of them'];
let folder: string;
let file: string;
let log: string[];
let seen: Secrets[];
let follower: { stop(): void } | null;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'follow-secret-'));
  file = path.join(folder, 'secret');
  [log, seen, follower] = [[], [], null];
});
afterEach(async () => {
  follower?.stop();
  await rm(folder, { recursive: true });
});

async function follow(): Promise<void> {
  follower = await followSecret({
    file,
    log: createLog('info', (line) => log.push(line)),
    onSecrets: (secrets) => seen.push(secrets),
    pollMs: 5,
  });
}

/** As an editor or a deployment does it. */
async function replaceBy(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe('the secrets in a file', () => {
  it('are its first line and its second, and follow it', async () => {
    await replaceBy(`${OLD}\n`);
    await follow();
    expect(seen).toEqual([{ current: OLD, also: null }]);
    await replaceBy(`${OLD}\n ${NEW} \nwhat else there is\n`);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual({ current: OLD, also: NEW }), { timeout: 10_000 });
    await replaceBy(`${NEW}\n${OLD}`);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual({ current: NEW, also: OLD }), { timeout: 10_000 });
    await vi.waitFor(() => expect(log).toHaveLength(2), { timeout: 10_000 });
    expect(log[1]).toBe(`info: ${file} was read again: two secrets`);
    expect(log.join()).not.toContain(NEW);
  });

  it('stay as they were where the file is lost or no good', async () => {
    await replaceBy(OLD);
    await follow();
    await rm(file);
    await vi.waitFor(() => expect(log).toHaveLength(1), { timeout: 10_000 });
    expect(log[0]).toMatch(/^warn: .* cannot be read \(ENOENT\); the secrets stay as they were$/);
    await replaceBy(`${NEW}\nshort\n`);
    await vi.waitFor(() => expect(log).toHaveLength(2), { timeout: 10_000 });
    expect(log[1]).toMatch(/^warn: the second line of .* has 5 characters, not 16 or more; the secrets stay/);
    expect(seen).toHaveLength(1);
    await replaceBy(NEW);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual({ current: NEW, also: null }), { timeout: 10_000 });
  });

  it('must be there at the start', async () => {
    await expect(follow()).rejects.toMatchObject({ code: 'BAD_SECRET_FILE' });
  });
});
