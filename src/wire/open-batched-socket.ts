import { BatchedSocket } from './batched-socket.ts';
import { bindDgram, connectDgram, createDgram } from './dgram-setup.ts';
import type { Endpoint } from './endpoint.ts';
import { type Libc, SocketOption } from './libc.ts';
import { openDescriptor } from './open-descriptor.ts';
import type { UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/**
 * Opens a socket of the batched kind.
 *
 * @throws LabError where binding or connecting fails; no descriptor is left open then
 */
export async function openBatchedSocket(
  libc: Libc,
  local: Endpoint,
  remote: Endpoint | undefined,
  options: UdpSocketOptions,
): Promise<UdpSocket> {
  return adoptDescriptor(libc, openDescriptor(libc, local, options), local, remote, options);
}

/**
 * Makes a socket of the batched kind of a bound descriptor, which it owns from then on.
 *
 * @throws LabError where that fails; the descriptor is closed then
 */
export async function adoptDescriptor(
  libc: Libc,
  fd: number,
  local: Endpoint,
  remote: Endpoint | undefined,
  options: UdpSocketOptions,
): Promise<BatchedSocket> {
  const wake = createDgram(local.family);
  try {
    await bindDgram(wake, local, { fd });
  } catch (error) {
    libc.closeSocket(fd);
    throw error;
  }
  // libuv sets it on descriptors that it is given; on Linux it would let another process bind the same port.
  libc.setOption(fd, SocketOption.reuseAddress, 0);
  if (remote !== undefined) {
    await connectDgram(wake, local, remote);
  }
  const receiveBuffer = {
    askedBytes: options.receiveBufferBytes,
    givenBytes: libc.getOption(fd, SocketOption.receiveBuffer),
  };
  return new BatchedSocket({ libc, fd, wake, family: local.family, receiveBuffer, options });
}
