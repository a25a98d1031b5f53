import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Profile } from 'pprof-format';
import { contentionTypes, countersOf, heapTypes } from './counters.ts';

/** Answers a request to a handler; `again` counts the requests to that handler before. Answering nothing hangs. */
export type Answer = (response: ServerResponse, again: number) => void;

export interface ScriptedEndpoint {
  readonly url: string;
  readonly host: string;
  close(): Promise<void>;
}

/** A server of `/debug/pprof/` in which each handler answers as it is told, the others as a Go program would. */
export async function startScriptedEndpoint(
  script: Readonly<Record<string, Answer>>,
  otherwise: Answer | null = null,
): Promise<ScriptedEndpoint> {
  const requests = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer(function onRequest(request: IncomingMessage, response: ServerResponse) {
    const handler = new URL(request.url ?? '', 'http://localhost').pathname.replace('/debug/pprof/', '');
    const again = requests.get(handler) ?? 0;
    requests.set(handler, again + 1);
    (script[handler] ?? otherwise ?? soundAnswers[handler])?.(response, again);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/debug/pprof`,
    host,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function give(profile: Profile): Answer {
  return (response) => response.end(gzipSync(profile.encode()));
}

/** One profile at the phase's start, another at its end. */
export function giveInTurn(...profiles: readonly Profile[]): Answer {
  return (response, again) =>
    give(profiles[Math.min(again, profiles.length - 1)] as Profile)(response, again);
}

export function say(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(text);
}

const contentions = (count: number) =>
  countersOf({ 'lock < announce': [count, count * 100] }, { timeNanos: count * 1e9 });

const soundAnswers: Readonly<Record<string, Answer>> = {
  profile: give(countersOf({ announce: [1, 10_000_000] }, { types: ['samples', 'cpu'] })),
  heap: (response, again) => {
    const count = again + 1;
    // 2 and then 1 object of the first are in use; the second comes in the phase and stays.
    const stacks: Record<string, number[]> = {
      'make < scrape': [5, 250, 5, 250],
      'make < announce': [count, count * 50, 2 - again, 100 - again * 50],
      'keep < announce': again === 0 ? [0, 0, 0, 0] : [3, 150, 3, 150],
    };
    give(countersOf(stacks, { types: heapTypes, period: 524_288, timeNanos: count * 1e9 }))(response, again);
  },
  mutex: giveInTurn(contentions(1), contentions(2)),
  block: giveInTurn(contentions(3), contentions(5)),
  goroutine: give(countersOf({ announce: [4] }, { types: ['goroutine'] })),
};

/** A mutex or block profile that stays as it is. */
export const unchanged: Profile = countersOf({ lock: [3, 30] }, { types: contentionTypes });
