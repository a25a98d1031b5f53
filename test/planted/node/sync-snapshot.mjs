/**
 * Saves its state every second, so that a restart loses little: all of it as JSON, written before anything else goes on.
 *
 * Planted: `saveSnapshot`, which holds the loop for about 150 ms.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'planted-state-'));
const swarms = new Swarms();
const users = Array.from({ length: Math.round(300_000 * scale) }, (_, id) => ({
  id,
  passkey: (id * 2654435761).toString(16).padStart(32, '0'),
  uploaded: id * 1_000_003,
  downloaded: id * 500_009,
}));

function saveSnapshot() {
  const torrents = [...swarms.byHash].map(([infoHash, swarm]) => ({
    infoHash: Buffer.from(infoHash, 'latin1').toString('hex'),
    completed: swarm.completed,
  }));
  const file = path.join(folder, 'state.json');
  writeFileSync(`${file}.new`, JSON.stringify({ savedAt: new Date(), torrents, users }));
  renameSync(`${file}.new`, file);
}

setInterval(saveSnapshot, 1000);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

serve({
  announce: (request, from) => swarms.announce(request, from.address),
  scrape: (infoHash) => swarms.scrape(infoHash),
});
