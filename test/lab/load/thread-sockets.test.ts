import { afterEach, expect, test } from 'vitest';
import { openThreadSockets } from '../../../src/lab/load/thread-sockets.ts';
import { batchedUnavailableReason } from '../../../src/wire/open-udp-socket.ts';
import type { UdpSocket } from '../../../src/wire/udp-socket.ts';
import { closeProbes, openProbe } from '../../wire/socket-probe.ts';

const unavailable = await batchedUnavailableReason();
let opened: UdpSocket[] = [];

afterEach(async () => {
  await Promise.all(opened.map((socket) => socket.close()));
  opened = [];
  await closeProbes();
});

test.skipIf(unavailable !== null)(
  `a busy socket lets the others have their turn before the event loop does${unavailable === null ? '' : ` (${unavailable})`}`,
  async () => {
    const target = await openProbe({ kind: 'batched', echo: true });
    const order: string[] = [];
    let replies = 0;
    opened = await openThreadSockets({
      thread: 0,
      clients: 2,
      targets: [{ address: '127.0.0.1', family: 4, port: target.socket.localPort }],
      onBatch(batch) {
        if (order.length === 0) process.nextTick(() => order.push('next callback'));
        order.push(`socket ${batch.bytes[batch.offset(0)]}`);
        replies += batch.count;
      },
    });
    expect(opened.length).toBe(2);
    for (const [index, socket] of opened.entries()) {
      for (let request = 0; request < 40; request++) {
        const at = socket.slot();
        socket.sendBytes[at] = index;
        socket.send(at, 1);
      }
      socket.flush();
    }
    while (replies < 80) await new Promise(setImmediate);
    expect([...order].sort()).toEqual(['next callback', 'socket 0', 'socket 1']);
    expect(order.at(-1)).toBe('next callback');
  },
);
