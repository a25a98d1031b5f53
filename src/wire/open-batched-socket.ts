import { BatchedSocket } from './batched-socket.ts';
import { bindDgram, connectDgram, createDgram } from './dgram-setup.ts';
import type { Endpoint } from './endpoint.ts';
import { type Libc, SocketOption } from './libc.ts';
import { openDescriptor } from './open-descriptor.ts';
import { openSendPair } from './open-send-pair.ts';
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
  if (remote !== undefined) {
    return adoptDescriptor(libc, openDescriptor(libc, local, options), local, remote, options);
  }
  const { fd, sendFd } = openSendPair(libc, local, options);
  return adoptDescriptor(libc, fd, local, remote, options, sendFd);
}

/**
 * Makes a socket of the batched kind of a bound descriptor, which it owns from then on.
 *
 * @param sendFd - what it sends through, and owns, too; absent: `fd`
 * @throws LabError where that fails; the descriptor is closed then
 */
export async function adoptDescriptor(
  libc: Libc,
  fd: number,
  local: Endpoint,
  remote: Endpoint | undefined,
  options: UdpSocketOptions,
  sendFd = fd,
): Promise<BatchedSocket> {
  const wake = createDgram(local.family);
  try {
    await bindDgram(wake, local, { fd });
  } catch (error) {
    libc.closeSocket(fd);
    if (sendFd !== fd) libc.closeSocket(sendFd);
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
  return new BatchedSocket({ libc, fd, sendFd, wake, family: local.family, receiveBuffer, options });
}
