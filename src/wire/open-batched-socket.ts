import { BatchedSocket } from './batched-socket.ts';
import { bindDgram, connectDgram, createDgram } from './dgram-setup.ts';
import { bindError, type Endpoint } from './endpoint.ts';
import { type Libc, SocketOption } from './libc.ts';
import { scopeIdOf } from './scope-id.ts';
import { AF_INET, AF_INET6, SOCKET_ADDRESS_STRIDE, writeSocketAddress } from './socket-address.ts';
import { systemError } from './system-error.ts';
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
  const fd = openBound(libc, local, options);
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

/** A bound descriptor with its buffers set. */
function openBound(libc: Libc, local: Endpoint, options: UdpSocketOptions): number {
  const fd = libc.openSocket(local.family === 4 ? AF_INET : AF_INET6);
  if (fd < 0) {
    throw bindError(local, systemError(-fd, 'socket'));
  }
  if (local.family === 6) {
    libc.setOption(fd, SocketOption.ipv6Only, 0);
  }
  const { receiveBuffer, receiveBufferForce, sendBuffer, sendBufferForce } = SocketOption;
  setBuffer(libc, fd, options.receiveBufferBytes, receiveBufferForce, receiveBuffer);
  if (options.sendBufferBytes !== undefined) {
    setBuffer(libc, fd, options.sendBufferBytes, sendBufferForce, sendBuffer);
  }
  const socketAddress = new Uint8Array(SOCKET_ADDRESS_STRIDE);
  const lengthBytes = writeSocketAddress(socketAddress, 0, {
    socketFamily: local.family,
    address: local.address,
    port: local.port,
    scopeId: scopeIdOf(local.address),
  });
  const bound = libc.bind(fd, socketAddress, lengthBytes);
  if (bound < 0) {
    libc.closeSocket(fd);
    throw bindError(local, systemError(-bound, 'bind'));
  }
  return fd;
}

/** The forced option passes the system's limit and needs CAP_NET_ADMIN; the plain one is cut to the limit. */
function setBuffer(libc: Libc, fd: number, bytes: number, forced: SocketOption, plain: SocketOption): void {
  if (libc.setOption(fd, forced, bytes) < 0) {
    libc.setOption(fd, plain, bytes);
  }
}
