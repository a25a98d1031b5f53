import type { UdpSocket } from '../../wire/udp-socket.ts';

/**
 * Tells failed sends from time-outs. A socket counts the datagrams that the kernel refused, but does not say which: each
 * of them explains one request of that socket that stayed silent, since none of them can have had a reply.
 */
export class RefusedSends {
  readonly #sockets: readonly UdpSocket[];
  /** By socket: how many of its refused datagrams were charged already. */
  readonly #charged: Float64Array;

  /** @param sockets - client `n` speaks through socket `n % sockets.length` */
  constructor(sockets: readonly UdpSocket[]) {
    this.#sockets = sockets;
    this.#charged = new Float64Array(sockets.length);
  }

  /** Whether the client's silent request is charged to a refused datagram; each of those is charged once. */
  charge(client: number): boolean {
    const index = client % this.#sockets.length;
    const charged = this.#charged[index] as number;
    if ((this.#sockets[index] as UdpSocket).counters.sendErrors <= charged) return false;
    this.#charged[index] = charged + 1;
    return true;
  }
}
