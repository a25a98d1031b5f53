import { afterEach, describe, expect, it } from 'vitest';
import { openSocketWait } from '../../src/wire/socket-wait.ts';
import { closeProbes, kinds, openProbe } from './socket-probe.ts';

const batchedUnavailable = kinds.find(({ kind }) => kind === 'batched')?.unavailable ?? null;

afterEach(closeProbes);

async function openPair() {
  const answering = await openProbe({ kind: 'dgram', echo: true });
  const remote = { host: '127.0.0.1', port: answering.socket.localPort };
  const one = await openProbe({ kind: 'batched', remote });
  const other = await openProbe({ kind: 'batched', remote });
  return { answering, one, other };
}

describe.skipIf(batchedUnavailable !== null)('a wait for several sockets', () => {
  it('lasts as long as it is told where nothing comes, in parts of a millisecond', async () => {
    const { one, other } = await openPair();
    const wait = await openSocketWait([one.socket, other.socket]);
    const startMs = performance.now();
    for (let turn = 0; turn < 10; turn++) wait?.wait(500_000);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(5);
  });

  it('ends when a datagram comes and hands it in at its socket, without the event loop', async () => {
    const { one, other } = await openPair();
    const wait = await openSocketWait([one.socket, other.socket]);
    const answering = await openProbe({ kind: 'batched', echo: true });
    const remote = { host: '127.0.0.1', port: answering.socket.localPort };
    const asking = await openProbe({ kind: 'batched', remote });
    const waitForBoth = await openSocketWait([answering.socket, asking.socket]);
    asking.sendText('asked');
    waitForBoth?.wait(900_000_000);
    expect(answering.received.map(({ text }) => text)).toEqual(['asked']);
    expect(asking.received).toEqual([]);
    waitForBoth?.wait(900_000_000);
    expect(asking.received.map(({ text }) => text)).toEqual(['asked']);
    wait?.wait(0);
    expect(one.received.concat(other.received)).toEqual([]);
  });

  it('passes closed sockets over', async () => {
    const { one, other } = await openPair();
    const wait = await openSocketWait([one.socket, other.socket]);
    await one.socket.close();
    wait?.wait(1_000);
    expect(one.received).toEqual([]);
  });

  it('is not had for sockets of the dgram kind', async () => {
    const { answering, one } = await openPair();
    expect(await openSocketWait([one.socket, answering.socket])).toBeNull();
  });
});
