import { constants } from 'node:os';

const { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH } = constants.errno;

/**
 * Whether the error may be what an earlier datagram of a connected socket met on its way, told by ICMP. The kernel
 * reports it to the next call and, if that is a send, drops the datagram at hand: worth a second try.
 */
export function mayBeIcmpNews(errno: number): boolean {
  return errno === ECONNREFUSED || errno === EHOSTUNREACH || errno === ENETUNREACH;
}
