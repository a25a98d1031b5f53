import type { SocketCounters } from './udp-socket.ts';

/** The counters of a socket as the socket itself sees them. */
export interface LiveCounters extends SocketCounters {
  receivedDatagrams: number;
  sentDatagrams: number;
  sendErrors: number;
}

/**
 * Counters at zero.
 *
 * @param readDrops - asked on every read of `receiveDrops`
 */
export function createCounters(readDrops: () => number): LiveCounters {
  return {
    receivedDatagrams: 0,
    sentDatagrams: 0,
    sendErrors: 0,
    get receiveDrops(): number {
      return readDrops();
    },
  };
}
