/**
 * A private tracker: a service beside it is asked over HTTP, for every announce anew, whether the client may have peers.
 *
 * Planted: `isAllowed`, an upstream that takes 20 ms.
 */
import { fork } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

if (process.argv[2] === 'service') {
  const service = http.createServer((_request, response) => {
    setTimeout(() => response.end('yes'), 20 * scale);
  });
  service.listen(0, '127.0.0.1', () => process.send(service.address().port));
  process.on('disconnect', () => process.exit(0));
} else {
  const service = fork(fileURLToPath(import.meta.url), ['service'], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  service.once('message', startTracker);
  process.on('exit', () => service.kill());
}

function startTracker(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const swarms = new Swarms();

  function isAllowed(peerId) {
    return new Promise(function ask(resolve, reject) {
      const path = `/allowed/${peerId.toString('hex')}`;
      const request = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve(text === 'yes'));
      });
      request.on('error', reject);
    });
  }

  serve({
    async announce(request, from) {
      if (!(await isAllowed(request.peerId))) return { failure: 'not allowed' };
      return swarms.announce(request, from.address);
    },
    scrape: (infoHash) => swarms.scrape(infoHash),
  });
}
