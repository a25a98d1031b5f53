import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { batchedUnavailableReason } from '../../src/wire/open-udp-socket.ts';
import { closeProbes, openProbe } from './socket-probe.ts';

const { wakeSwitchOf } = await vi.importActual<typeof import('../../src/wire/wake-switch.ts')>(
  '../../src/wire/wake-switch.ts',
);
vi.mock('../../src/wire/wake-switch.ts', () => ({ wakeSwitchOf: () => null }));

const unavailable = await batchedUnavailableReason();

afterEach(closeProbes);

describe('the switch of a dgram socket', () => {
  it('stops the reading after the datagram at hand and starts it again', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const wakeSwitch = wakeSwitchOf(socket);
    const texts: string[] = [];
    socket.on('message', (message) => {
      texts.push(message.toString());
      if (message.toString() === 'b') wakeSwitch?.off();
    });
    const sender = createSocket('udp4');
    const { port } = socket.address();
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((text) => {
        return new Promise((resolve) => sender.send(text, port, '127.0.0.1', resolve));
      }),
    );
    while (texts.length < 2) await new Promise(setImmediate);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(texts).toEqual(['a', 'b']);
    wakeSwitch?.on();
    while (texts.length < 4) await new Promise(setImmediate);
    expect(texts).toEqual(['a', 'b', 'c', 'd']);
    sender.close();
    socket.close();
  });

  it('is missing where Node keeps its handle elsewhere', () => {
    const socket = createSocket('udp4');
    expect(wakeSwitchOf({} as unknown as typeof socket)).toBeNull();
    expect(
      wakeSwitchOf({ [Symbol('state symbol')]: { handle: null } } as unknown as typeof socket),
    ).toBeNull();
    socket.close();
  });
});

it.skipIf(unavailable !== null)(
  `a batched socket without a switch gets every datagram in order${unavailable === null ? '' : ` (${unavailable})`}`,
  async () => {
    const peer = await openProbe({ kind: 'batched', echo: true });
    const client = await openProbe({
      kind: 'batched',
      remote: { host: '127.0.0.1', port: peer.socket.localPort },
    });
    // More than the four batches of a turn.
    const texts = Array.from({ length: 600 }, (_, number) => `${number}`);
    client.sendText(...texts);
    await client.until(() => client.received.length === texts.length);
    expect(client.received.map(({ text }) => text)).toEqual(texts);
  },
);
