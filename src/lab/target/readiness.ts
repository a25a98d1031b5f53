/** Whether an address is served, asked by connects. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Milliseconds } from '../../units.ts';
import { connectRequest } from './preflight-requests.ts';
import { openQuestionSocket, type QuestionSocket } from './question-socket.ts';

const ASK_INTERVAL_MS = 100;
/**
 * Where nothing refuses a connect, a socket is bound and its owner has yet to read: the request waits in its queue, and
 * more of them would only use up a limit of connects.
 */
const SILENT_TRY_MS = 500;
/** A tracker far away that serves already answers within. */
const TAKEN_WAIT_MS = 300;

interface ServedOptions {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: Milliseconds;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Asks until something answers a connect; a refusal in BEP 15's own words is an answer too.
 *
 * @returns whether an answer came before the timeout or the signal
 */
export async function waitUntilServed(options: ServedOptions): Promise<boolean> {
  const { address, port, timeoutMs, signal } = options;
  const interrupted = aborted(signal);
  const endMs = performance.now() + timeoutMs;
  let socket: QuestionSocket | undefined;
  try {
    while (performance.now() < endMs && !signal.aborted) {
      socket ??= await reachableSocket(address, port);
      const tryMs = Math.min(SILENT_TRY_MS, Math.max(1, endMs - performance.now()));
      const reply = await Promise.race([socket?.ask(connectRequest(), tryMs), interrupted]);
      if (reply instanceof Uint8Array) return true;
      const unheard = reply !== undefined && reply !== null && reply.refused === null;
      if (!unheard) await wait(ASK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
    return false;
  } finally {
    await socket?.close();
  }
}

/** Undefined where there is no way to the address yet. */
async function reachableSocket(address: string, port: number): Promise<QuestionSocket | undefined> {
  const opened = await openQuestionSocket(address, port);
  return 'refused' in opened ? undefined : opened;
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/**
 * Whether something serves an address already: another socket is bound to it or, where that cannot be tried here,
 * answers a connect.
 */
export async function isAddressTaken(address: string, port: number): Promise<boolean> {
  const bound = await tryToBind(address, port);
  if (bound === null) return false;
  if (bound === 'EADDRINUSE') return true;
  const socket = await openQuestionSocket(address, port);
  if ('refused' in socket) return false;
  const reply = await socket.ask(connectRequest(), TAKEN_WAIT_MS);
  await socket.close();
  return reply instanceof Uint8Array;
}

/** Null where the address was free; else the code of the error, for example EADDRNOTAVAIL for another machine's. */
function tryToBind(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(null)));
  });
}
