/** Free ports, and whether something answers at one. */
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Action,
  CONNECT_REQUEST_BYTES,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  writeUint32,
} from '../../src/wire/bep15.ts';

const READY_TIMEOUT_MS = 20_000;
const TRY_MS = 50;

/** A port that is free for TCP and UDP right now. */
export async function freePort(): Promise<number> {
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as { port: number };
  tcp.close();
  await once(tcp, 'close');
  return port;
}

/**
 * Asks for a connection id until there is one.
 *
 * @throws Error where the process ends first, or after 20 s
 */
export async function untilServing(child: ChildProcess, port: number): Promise<void> {
  const socket = createSocket('udp4');
  // A port where nobody listens yet is told as an error.
  socket.on('error', () => {});
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const request = new Uint8Array(CONNECT_REQUEST_BYTES);
  writeUint32(request, 0, PROTOCOL_ID_HIGH);
  writeUint32(request, 4, PROTOCOL_ID_LOW);
  writeUint32(request, 8, Action.connect);
  let isServing = false;
  socket.on('message', () => {
    isServing = true;
  });
  try {
    for (let waitedMs = 0; !isServing; waitedMs += TRY_MS) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
        throw new Error(
          `it ended before it served (exit code ${child.exitCode}, signal ${child.signalCode})`,
        );
      }
      if (waitedMs >= READY_TIMEOUT_MS) throw new Error(`nothing answered within ${READY_TIMEOUT_MS} ms`);
      socket.send(request, () => {});
      await sleep(TRY_MS);
    }
  } finally {
    socket.close();
  }
}
