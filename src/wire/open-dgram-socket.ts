import type { Socket } from 'node:dgram';
import { bindDgram, connectDgram, createDgram } from './dgram-setup.ts';
import { DgramSocket } from './dgram-socket.ts';
import type { Endpoint } from './endpoint.ts';
import type { UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/**
 * Opens a socket of the dgram kind.
 *
 * @throws LabError where binding or connecting fails
 */
export async function openDgramSocket(
  local: Endpoint,
  remote: Endpoint | undefined,
  options: UdpSocketOptions,
): Promise<UdpSocket> {
  const socket = createDgram(local.family);
  await bindDgram(socket, local, { address: local.address, port: local.port });
  askBuffers(socket, options);
  if (remote !== undefined) {
    await connectDgram(socket, local, remote);
  }
  const receiveBuffer = {
    askedBytes: options.receiveBufferBytes,
    givenBytes: socket.getRecvBufferSize(),
  };
  return new DgramSocket({ socket, family: local.family, receiveBuffer, options });
}

/** Linux cuts a size above its limit; others refuse it, and what they had stays: the figure read back says so. */
function askBuffers(socket: Socket, { receiveBufferBytes, sendBufferBytes }: UdpSocketOptions): void {
  try {
    socket.setRecvBufferSize(receiveBufferBytes);
    if (sendBufferBytes !== undefined) {
      socket.setSendBufferSize(sendBufferBytes);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_BUFFER_SIZE') {
      throw error;
    }
  }
}
