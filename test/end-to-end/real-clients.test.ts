/** Real BitTorrent clients find each other through our tracker and finish a download, on loopback. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtEntry } from '../../src/package-root.ts';
import type { TrackerMessage, TrackerReady, TrackerStopped } from '../../src/wire/tracker-message.ts';
import { type Child, startChild } from './child.ts';

const peerScript = fileURLToPath(new URL('libtorrent_peer.py', import.meta.url));
const python = ['/usr/bin/python3', 'python3'].find(
  (candidate) => spawnSync(candidate, ['-c', 'import libtorrent']).status === 0,
);
const hasAria2 = spawnSync('aria2c', ['--version']).status === 0;
const missing = [python === undefined ? 'python3-libtorrent' : null, hasAria2 ? null : 'aria2'].filter(
  (name) => name !== null,
);
const skipNote = missing.length === 0 ? '' : ` (skipped: ${missing.join(' and ')} not installed)`;

const FILE_BYTES = 1_000_000;

describe.skipIf(missing.length > 0)(`our tracker with real clients${skipNote}`, () => {
  let folder = '';
  const children: Child[] = [];
  const start = (child: Child): Child => {
    children.push(child);
    return child;
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tracker-lab-clients-'));
    for (const name of ['seed', 'fetch']) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, 'seed', 'file.bin'), pseudoRandomBytes(FILE_BYTES));
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  async function startTracker(...argv: string[]): Promise<{ tracker: Child; torrent: string }> {
    const tracker = start(
      startChild(
        spawn(
          process.execPath,
          [builtEntry('tracker/main.js'), '--host', '127.0.0.1', '--port', '0', ...argv],
          { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
        ),
      ),
    );
    const ready = await tracker.message((message) => (message as TrackerMessage).type === 'tracker-ready');
    const torrent = path.join(folder, 'file.torrent');
    const announce = `udp://127.0.0.1:${(ready as TrackerReady).port}/announce`;
    execFileSync(python as string, [
      peerScript,
      'make',
      path.join(folder, 'seed'),
      'file.bin',
      announce,
      torrent,
    ]);
    return { tracker, torrent };
  }

  function startLibtorrent(role: 'seed' | 'download', into: string, torrent: string): Child {
    return start(startChild(spawn(python as string, [peerScript, role, path.join(folder, into), torrent])));
  }

  function startAria2(into: string, torrent: string, seedMinutes: number): Child {
    return start(
      startChild(
        spawn('aria2c', [
          `--dir=${path.join(folder, into)}`,
          // aria2 speaks to UDP trackers only where its DHT is on; it has no entry point here.
          '--enable-dht=true',
          '--enable-dht6=false',
          `--dht-file-path=${path.join(folder, `${into}.dht`)}`,
          '--bt-enable-lpd=false',
          '--enable-peer-exchange=false',
          `--seed-time=${seedMinutes}`,
          '--check-integrity=true',
          '--no-conf=true',
          torrent,
        ]),
      ),
    );
  }

  function expectSameFile(): void {
    const [original, copy] = ['seed', 'fetch'].map((name) =>
      readFileSync(path.join(folder, name, 'file.bin')),
    );
    expect(copy?.equals(original as Buffer)).toBe(true);
  }

  async function stopAndCount(tracker: Child): Promise<TrackerStopped> {
    tracker.process.kill('SIGTERM');
    return (await tracker.message((m) => (m as TrackerMessage).type === 'tracker-stopped')) as TrackerStopped;
  }

  it.each([
    ['one batched socket', '--socket=batched'],
    ['a dgram socket', '--socket=dgram'],
    ['two workers', '--workers=2'],
  ])(
    'lets aria2 download from libtorrent, with %s',
    async (_, flag) => {
      const { tracker, torrent } = await startTracker(flag);
      const seeder = startLibtorrent('seed', 'seed', torrent);
      await seeder.line((line) => line.includes('tracker_reply'));
      const fetcher = startAria2('fetch', torrent, 0);
      expect(await fetcher.exitCode).toBe(0);
      expectSameFile();
      const { counters } = await stopAndCount(tracker);
      expect(counters['requests.announce']).toBeGreaterThanOrEqual(2);
    },
    60_000,
  );

  it.each(['batched', 'dgram'])(
    'lets libtorrent download from aria2, with a %s socket',
    async (kind) => {
      const { tracker, torrent } = await startTracker(`--socket=${kind}`);
      startAria2('seed', torrent, 5);
      const fetcher = startLibtorrent('download', 'fetch', torrent);
      await fetcher.line((line) => line.includes('finished'));
      expectSameFile();
      const { counters } = await stopAndCount(tracker);
      expect(counters['requests.announce']).toBeGreaterThanOrEqual(2);
    },
    60_000,
  );
});

/** The same bytes in every run, without a repeating piece. */
function pseudoRandomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = 0x9e3779b9;
  for (let index = 0; index < count; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}
