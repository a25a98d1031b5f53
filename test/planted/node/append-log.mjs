/**
 * Has a log of its own: a line a request, which is in the file before the reply goes out.
 *
 * Planted: `writeLine`, an fs.appendFileSync a request.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'planted-log-'));
const logFile = path.join(folder, 'access.log');
const swarms = new Swarms();
let lines = 0;

function writeLine(level, text) {
  appendFileSync(logFile, `${new Date().toISOString()} ${level} ${text}\n`);
}

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

serve({
  announce(request, from) {
    const answer = swarms.announce(request, from.address);
    lines++;
    if (scale >= 1 || lines % 2 === 0) writeLine('info', `announce ${from.address}:${request.port}`);
    if (scale > 1) writeLine('debug', `answered ${answer.peers.length / 6} peers`);
    return answer;
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
