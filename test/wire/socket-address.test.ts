import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copyIpAddress,
  readFamily,
  readPort,
  SOCKET_ADDRESS_STRIDE,
  writeSocketAddress,
} from '../../src/wire/socket-address.ts';
import type { AddressFamily } from '../../src/wire/udp-socket.ts';

/** Writes the address behind 32 bytes of rubbish and reads it back. */
function roundTrip(socketFamily: AddressFamily, address: string, port = 6969) {
  const at = SOCKET_ADDRESS_STRIDE;
  const bytes = new Uint8Array(2 * SOCKET_ADDRESS_STRIDE).fill(0xaa);
  const lengthBytes = writeSocketAddress(bytes, at, { socketFamily, address, port, scopeId: 0 });
  const family = readFamily(bytes, at);
  const ip = new Uint8Array(family === 4 ? 4 : 16);
  copyIpAddress(bytes, at, ip, 0);
  return { lengthBytes, family, ip: Buffer.from(ip).toString('hex'), port: readPort(bytes, at), bytes };
}

describe('a socket address', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['127.0.0.1', '7f000001'],
    ['255.254.10.9', 'fffe0a09'],
  ])('of IPv4, %s, holds its four bytes', (address, hex) => {
    expect(roundTrip(4, address)).toMatchObject({ lengthBytes: 16, family: 4, ip: hex, port: 6969 });
  });

  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['fe80::1%lo', 'fe800000000000000000000000000001'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['2001:DB8::Ff', '20010db80000000000000000000000ff'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ])('of IPv6, %s, holds its sixteen bytes', (address, hex) => {
    expect(roundTrip(6, address)).toMatchObject({ lengthBytes: 28, family: 6, ip: hex, port: 6969 });
  });

  it.each([['192.0.2.33'], ['::ffff:192.0.2.33'], ['::ffff:c000:221']])(
    'of an IPv6 socket, %s, is an IPv4 one',
    (address) => {
      expect(roundTrip(6, address)).toMatchObject({ lengthBytes: 28, family: 4, ip: 'c0000221' });
    },
  );

  it('is laid out as the kernel has it', () => {
    const ipv4 = roundTrip(4, '127.0.0.1', 0x1b39).bytes;
    expect(Buffer.from(ipv4.subarray(32, 48)).toString('hex')).toBe('02001b397f0000010000000000000000');
    const ipv6 = new Uint8Array(32);
    writeSocketAddress(ipv6, 0, { socketFamily: 6, address: 'fe80::1', port: 0x1b39, scopeId: 0x102 });
    expect(Buffer.from(ipv6.subarray(0, 28)).toString('hex')).toBe(
      '0a001b3900000000fe80000000000000000000000000000102010000',
    );
  });

  it('is the same for every way to write an IPv6 address', () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const zeros = fc.array(fc.nat(15), { maxLength: 16 });
    fc.assert(
      fc.property(address, zeros, (bytes, zeroAt) => {
        for (const index of zeroAt) {
          bytes[index] = 0;
        }
        const hex = Buffer.from(bytes).toString('hex');
        const full = hex.match(/.{4}/g)?.join(':') ?? '';
        const shortest = new URL(`http://[${full}]`).hostname.slice(1, -1);
        fc.pre(!shortest.startsWith('::ffff:'));
        expect(roundTrip(6, full).ip).toBe(hex);
        expect(roundTrip(6, shortest).ip).toBe(hex);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
