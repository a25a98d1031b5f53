/**
 * Two sockets on one port: one receives, the other only sends. Whoever sends through a socket that an event loop
 * watches has the kernel look, for each datagram, whether the loop wants to know of the room that it left.
 */
import type { Endpoint } from './endpoint.ts';
import { type Libc, ProgramOption, SocketOption } from './libc.ts';
import { openDescriptor } from './open-descriptor.ts';
import { readPort, SOCKET_ADDRESS_STRIDE } from './socket-address.ts';
import { firstSocketProgram } from './steering-program.ts';
import type { UdpSocketOptions } from './udp-socket.ts';

/** The sending socket receives nothing: the kernel's least will do. */
const UNUSED_RECEIVE_BUFFER_BYTES = 0;

interface SendPair {
  readonly fd: number;
  /** The same as `fd` where the kernel takes no program. */
  readonly sendFd: number;
}

/**
 * Opens both, bound.
 *
 * @throws LabError of {@link openDescriptor}; no descriptor is left open then
 */
export function openSendPair(libc: Libc, local: Endpoint, options: UdpSocketOptions): SendPair {
  let isSteered = false;
  const fd = openDescriptor(libc, local, options, (receiver) => {
    // A socket that has its program before it is bound joins no other group: a port that is taken is an error.
    libc.setOption(receiver, SocketOption.reusePort, 1);
    isSteered = libc.attachProgram(receiver, ProgramOption.steering, firstSocketProgram()) >= 0;
    if (!isSteered) {
      libc.setOption(receiver, SocketOption.reusePort, 0);
    }
  });
  if (!isSteered) {
    return { fd, sendFd: fd };
  }
  try {
    const where = { ...local, port: portOf(libc, fd) };
    const buffers = { ...options, receiveBufferBytes: UNUSED_RECEIVE_BUFFER_BYTES };
    const sendFd = openDescriptor(libc, where, buffers, (sender) => {
      libc.setOption(sender, SocketOption.reusePort, 1);
    });
    return { fd, sendFd };
  } catch (error) {
    libc.closeSocket(fd);
    throw error;
  }
}

function portOf(libc: Libc, fd: number): number {
  const address = new Uint8Array(SOCKET_ADDRESS_STRIDE);
  libc.getAddress(fd, address);
  return readPort(address, 0);
}
