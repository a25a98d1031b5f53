import dgram from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { readServedSockets, socketsServing } from '../../../src/lab/target/served-sockets.ts';

const PORT = 0x1b39;

/** A row of the kernel's table. */
function row(address: string, portHex: string, drops: number, queueHex = '0'): string {
  return `  1: ${address}:${portHex} 00000000:0000 07 00000000:${queueHex.padStart(8, '0')} 00:00000000 00000000 0 0 1 2 0 ${drops}`;
}
const table = (...rows: string[]): string => ['  sl  local_address', ...rows, ''].join('\n');
const dropsAt = (tables: { udp?: string; udp6?: string }, address = '127.0.0.1'): number[] =>
  socketsServing({ udp: table(), udp6: table(), ...tables }, address, PORT).map(({ drops }) => drops);

describe('the sockets that a datagram to a port reaches', () => {
  const any6 = '0'.repeat(32);

  it('are all that share it, and none of another port', () => {
    const udp = table(row('0100007F', '1B39', 5), row('0100007F', '1B39', 7), row('0100007F', '1B3A', 100));
    expect(dropsAt({ udp })).toEqual([5, 7]);
    expect(dropsAt({ udp }, '::ffff:127.0.0.1')).toEqual([5, 7]);
  });

  it('are bound to the address, else to any address, IPv4 before IPv6', () => {
    const own = row('0100007F', '1B39', 1);
    const other = row('0200007F', '1B39', 2);
    const any = row('00000000', '1B39', 3);
    const dual = row(any6, '1B39', 4);
    expect(dropsAt({ udp: table(other, any, own) })).toEqual([1]);
    expect(dropsAt({ udp: table(other, any), udp6: table(dual) })).toEqual([3]);
    expect(dropsAt({ udp: table(other), udp6: table(dual) })).toEqual([4]);
    expect(dropsAt({ udp: table(other) })).toEqual([]);
    expect(dropsAt({ udp6: table(row('0000000000000000FFFF00000100007F', '1B39', 5), dual) })).toEqual([5]);
  });

  it('are IPv6 ones for ::1', () => {
    const loopback = row('00000000000000000000000001000000', '1B39', 6);
    const udp = table(row('00000000', '1B39', 3));
    expect(dropsAt({ udp, udp6: table(row(any6, '1B39', 4), loopback) }, '::1')).toEqual([6]);
    expect(dropsAt({ udp, udp6: table(row(any6, '1B39', 4)) }, '::1')).toEqual([4]);
  });
});

describe.skipIf(process.platform !== 'linux')('real sockets', () => {
  const open: dgram.Socket[] = [];
  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
  });

  it.each([
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
  ] as const)('count what a full %s queue drops', async (type, address) => {
    const slow = dgram.createSocket(type).bind(0, address);
    const sender = dgram.createSocket(type).bind(0, address);
    open.push(slow, sender);
    await Promise.all([once(slow, 'listening'), once(sender, 'listening')]);
    slow.setRecvBufferSize(4096);
    const { port } = slow.address();
    expect(readServedSockets(address, port)?.socketDrops).toBe(0);
    const all = 100;
    let received = 0;
    slow.on('message', () => received++);
    sender.connect(port, address);
    await once(sender, 'connect');
    // From a connected socket each send is made at once; nothing is read before the event loop turns.
    for (let index = 0; index < all; index++) sender.send(Buffer.alloc(500));
    const full = readServedSockets(address, port);
    expect(full?.socketDrops).toBeGreaterThan(0);
    expect(full?.socketQueueBytes).toBeGreaterThan(0);
    await expect.poll(() => readServedSockets(address, port)?.socketQueueBytes).toBe(0);
    expect(readServedSockets(address, port)?.socketDrops).toBe(all - received);
  });

  it('are none where nothing serves', () => {
    expect(readServedSockets('127.0.0.1', 1)).toBeNull();
  });
});
