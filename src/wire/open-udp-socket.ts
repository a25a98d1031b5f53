import { LabError } from '../errors.ts';
import { resolveEndpoint } from './endpoint.ts';
import { loadLibc } from './libc.ts';
import { openBatchedSocket } from './open-batched-socket.ts';
import { openDgramSocket } from './open-dgram-socket.ts';
import type { UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/**
 * Opens, binds and (where a remote is given) connects a socket.
 *
 * @throws LabError `PORT_IN_USE`, `ADDRESS_NOT_AVAILABLE`, `BIND_FAILED`, `CONNECT_FAILED`, `HOST_NOT_FOUND`,
 *   `BAD_PORT`; `BATCHED_UNAVAILABLE` where the kind is `batched` and cannot be had
 */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const local = await resolveEndpoint(options.host, options.port, 0);
  const remote =
    options.remote &&
    (await resolveEndpoint(options.remote.host, options.remote.port, local.family === 4 ? 4 : 0));
  if (options.kind === 'dgram') {
    return openDgramSocket(local, remote, options);
  }
  const loaded = await loadLibc();
  if ('libc' in loaded) {
    return openBatchedSocket(loaded.libc, local, remote, options);
  }
  if (options.kind === 'auto') {
    return openDgramSocket(local, remote, options);
  }
  throw new LabError({
    code: 'BATCHED_UNAVAILABLE',
    message: `the socket kind batched cannot be had: ${loaded.reason}`,
    hint: 'use the kind auto or dgram',
  });
}

/** Why `auto` means dgram here, in one line for a log; null where batched sockets can be had. */
export async function batchedUnavailableReason(): Promise<string | null> {
  const loaded = await loadLibc();
  return 'reason' in loaded ? loaded.reason : null;
}
