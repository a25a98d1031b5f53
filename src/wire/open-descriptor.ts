import { bindError, type Endpoint } from './endpoint.ts';
import { type Libc, SocketOption } from './libc.ts';
import { scopeIdOf } from './scope-id.ts';
import { AF_INET, AF_INET6, SOCKET_ADDRESS_STRIDE, writeSocketAddress } from './socket-address.ts';
import { systemError } from './system-error.ts';
import type { UdpSocketOptions } from './udp-socket.ts';

/**
 * A bound descriptor with its buffers set.
 *
 * @param beforeBind - sets what has to be set before
 * @throws LabError by {@link bindError}; no descriptor is left open then
 */
export function openDescriptor(
  libc: Libc,
  local: Endpoint,
  options: Pick<UdpSocketOptions, 'receiveBufferBytes' | 'sendBufferBytes'>,
  beforeBind?: (fd: number) => void,
): number {
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
  try {
    beforeBind?.(fd);
  } catch (error) {
    libc.closeSocket(fd);
    throw error;
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
