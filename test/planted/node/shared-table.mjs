/**
 * Shares its counters with a worker thread through one lock. The worker holds it while it writes them to the disk, and the
 * thread that serves the socket waits.
 *
 * Planted: `acquire`, which waits with Atomics.wait for `persist` of the worker.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const FREE = 0;
const TAKEN = 1;

function acquire(lock) {
  while (Atomics.compareExchange(lock, 0, FREE, TAKEN) !== FREE) Atomics.wait(lock, 0, TAKEN);
}

function release(lock) {
  Atomics.store(lock, 0, FREE);
  Atomics.notify(lock, 0, 1);
}

function persist({ lock, counters, file }) {
  const bytes = new Uint8Array(counters.buffer);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  acquire(lock);
  const fd = openSync(file, 'w');
  writeSync(fd, bytes);
  fdatasyncSync(fd);
  closeSync(fd);
  // The file goes to a network disk, which is slow to confirm.
  Atomics.wait(pause, 0, 0, 15 * scale);
  release(lock);
}

function startTracker() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'planted-counters-'));
  const lock = new Int32Array(new SharedArrayBuffer(4));
  const counters = new Uint32Array(new SharedArrayBuffer(4 * 4096));
  const file = path.join(folder, 'counters.bin');
  new Worker(fileURLToPath(import.meta.url), { workerData: { lock, counters, file } });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const swarms = new Swarms();
  serve({
    announce(request, from) {
      acquire(lock);
      counters[request.port % counters.length]++;
      release(lock);
      return swarms.announce(request, from.address);
    },
    scrape: (infoHash) => swarms.scrape(infoHash),
  });
}

if (isMainThread) startTracker();
else setInterval(persist, 35, workerData);
