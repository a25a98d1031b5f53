/**
 * Takes changes of its configuration without a restart: it looks at the files' times before every request.
 *
 * Planted: `hasChanged`, five stat calls a datagram.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'planted-config-'));
/** Files that are asked for a datagram, on average. */
const PER_DATAGRAM = 5 * scale;
const files = Array.from({ length: Math.ceil(PER_DATAGRAM) }, (_, index) =>
  path.join(folder, `limits-${index}.json`),
);
for (const file of files) writeFileSync(file, '{}\n');
const times = new Map();
const swarms = new Swarms();

function hasChanged(file) {
  const { mtimeMs } = statSync(file);
  const changed = times.get(file) !== mtimeMs;
  if (changed) times.set(file, mtimeMs);
  return changed;
}

let reloads = 0;
let due = 0;
serve({
  seen() {
    due += PER_DATAGRAM;
    for (let next = 0; due >= 1; due--, next++) if (hasChanged(files[next])) reloads++;
  },
  announce: (request, from) => swarms.announce(request, from.address),
  scrape: (infoHash) => swarms.scrape(infoHash),
});
process.on('exit', () => {
  process.stdout.write(`${reloads} files read\n`);
  rmSync(folder, { recursive: true, force: true });
});
