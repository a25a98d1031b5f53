import { afterEach, expect, it } from 'vitest';
import { batchedUnavailableReason } from '../../src/wire/open-udp-socket.ts';
import { SocketWait } from '../../src/wire/socket-wait.ts';
import { closeProbes, openProbe } from './socket-probe.ts';

const unavailable = await batchedUnavailableReason();
const batchedIt = it.skipIf(unavailable !== null);
const why = unavailable === null ? '' : ` (${unavailable})`;

afterEach(closeProbes);

batchedIt(`a wait for two sockets ends with its time where nothing comes${why}`, async () => {
  const probes = [await openProbe({ kind: 'batched' }), await openProbe({ kind: 'batched' })];
  const wait = await SocketWait.open(probes.map(({ socket }) => socket));
  const startMs = performance.now();
  wait?.wait(50e6);
  expect(performance.now() - startMs).toBeGreaterThan(49);
});

batchedIt(`a wait for two sockets ends with what comes to the second${why}`, async () => {
  const probes = [await openProbe({ kind: 'batched' }), await openProbe({ kind: 'batched' })] as const;
  const wait = await SocketWait.open(probes.map(({ socket }) => socket));
  const { localPort } = probes[1].socket;
  const client = await openProbe({ kind: 'batched', remote: { host: '127.0.0.1', port: localPort } });
  client.sendText('here');
  const startMs = performance.now();
  wait?.wait(900e6);
  expect(performance.now() - startMs).toBeLessThan(850);
  probes[1].socket.poll();
  expect(probes[1].received.map(({ text }) => text)).toEqual(['here']);
});

it('sockets of dgram cannot be waited for', async () => {
  expect(await SocketWait.open([(await openProbe({ kind: 'dgram' })).socket])).toBeNull();
});
