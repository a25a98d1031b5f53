/** Node's dgram sockets: creation, binding and connecting as promises. What both kinds of UdpSocket begin with. */
import { type BindOptions, createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { bindError, connectError, type Endpoint } from './endpoint.ts';
import type { AddressFamily } from './udp-socket.ts';

/**
 * All addresses are resolved before they come here. Answering at once keeps dgram from putting every send off to the
 * next tick, as it does with its default lookup even for IP addresses.
 */
function answerAtOnce(
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, isIP(address));
}

/** An unbound dgram socket; an IPv6 one takes IPv4 too. */
export function createDgram(family: AddressFamily): Socket {
  return createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: false, lookup: answerAtOnce });
}

/**
 * Binds a socket.
 *
 * @param how - the address and port, or the descriptor of a socket that is bound already
 * @throws LabError by {@link bindError}; the socket is closed then
 */
export async function bindDgram(socket: Socket, endpoint: Endpoint, how: BindOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ ...how, exclusive: true }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    socket.close();
    throw bindError(endpoint, error);
  }
}

/**
 * Connects a bound socket.
 *
 * @throws LabError by {@link connectError}; the socket is closed then
 */
export async function connectDgram(socket: Socket, local: Endpoint, remote: Endpoint): Promise<void> {
  const address = local.family === 6 && remote.family === 4 ? `::ffff:${remote.address}` : remote.address;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.connect(remote.port, address, (error?: Error) => {
        if (error) {
          reject(error);
        } else {
          resolve();
        }
      });
    });
  } catch (error) {
    socket.close();
    throw connectError(local, remote, error);
  }
}
