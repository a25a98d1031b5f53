import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { RequestOffset } from '../../wire/bep15.ts';
import { transactionIdOf } from './reply-reading.ts';

/** No reply came. `refused`: the code of the error that came instead, for example ECONNREFUSED; null: nothing came. */
export interface NoReply {
  readonly refused: string | null;
}

/** A socket of its own, connected to a tracker, that asks a question at a time or several. */
export interface QuestionSocket {
  /** Sends one request and waits for the reply with its transaction id. */
  ask(request: Buffer, timeoutMs: number): Promise<Uint8Array | NoReply>;
  /** Sends one request whose answer does not matter. */
  tell(request: Buffer): void;
  /** After the sends that are under way. */
  close(): Promise<void>;
}

/**
 * @param address - IP address
 * @returns the code of the error, for example ENETUNREACH, where there is no way to the address
 */
export async function openQuestionSocket(address: string, port: number): Promise<QuestionSocket | NoReply> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    await connectSocket(socket, port, address);
  } catch (error) {
    socket.close();
    return { refused: errorCode(error) };
  }
  const waiting = new Map<number, (reply: Uint8Array | NoReply) => void>();
  socket.on('message', (message) => waiting.get(transactionIdOf(message) ?? -1)?.(message));
  // An ICMP error of an earlier datagram names none; all that wait are told.
  socket.on('error', (error) => refuseAll(errorCode(error)));

  function refuseAll(refused: string): void {
    for (const finish of [...waiting.values()]) finish({ refused });
  }

  return {
    ask(request, timeoutMs) {
      const id = request.readUInt32BE(RequestOffset.transactionId);
      return new Promise((resolve) => {
        const finish = (reply: Uint8Array | NoReply) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(reply);
        };
        const timer = setTimeout(finish, timeoutMs, { refused: null });
        waiting.set(id, finish);
        socket.send(request, (error) => error && finish({ refused: errorCode(error) }));
      });
    },
    tell(request) {
      socket.send(request, () => undefined);
    },
    close: () => new Promise((resolve) => setImmediate(() => socket.close(() => resolve()))),
  };
}

function connectSocket(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
