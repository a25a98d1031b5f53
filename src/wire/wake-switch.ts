import type { Socket } from 'node:dgram';

/** Whether the event loop reads a dgram socket. */
export interface WakeSwitch {
  on(): void;
  /** Also ends the reading that is under way, once the handler of the datagram at hand returns. */
  off(): void;
}

/** What Node's dgram calls itself to begin and to end receiving. */
interface DgramHandle {
  recvStart(): number;
  recvStop(): number;
}

/**
 * The switch of a bound socket. Node has no public one (`pause` is of streams): it is the handle inside, which has been the
 * same since Node 10.
 *
 * @returns null where this Node's dgram is made otherwise
 */
export function wakeSwitchOf(socket: Socket): WakeSwitch | null {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  const state = key === undefined ? undefined : (socket as unknown as Record<symbol, unknown>)[key];
  const handle = (state as { readonly handle?: unknown } | undefined)?.handle;
  if (!isDgramHandle(handle)) return null;
  return {
    on() {
      handle.recvStart();
    },
    off() {
      handle.recvStop();
    },
  };
}

function isDgramHandle(handle: unknown): handle is DgramHandle {
  const { recvStart, recvStop } = (handle ?? {}) as Partial<DgramHandle>;
  return typeof recvStart === 'function' && typeof recvStop === 'function';
}
