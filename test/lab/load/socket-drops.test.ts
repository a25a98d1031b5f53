import { expect, test } from 'vitest';
import { sumSocketDrops } from '../../../src/lab/load/socket-drops.ts';

const IPV4_TABLE = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  812: 0100007F:B5A7 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 20991 2 0000000000000000 7
  813: 0101017F:B5A7 0100007F:0539 01 00000000:00000300 00:00000000 00000000     0        0 20992 2 0000000000000000 40
  814: 0201017F:B5A8 0100007F:0539 01 00000000:00000000 00:00000000 00000000     0        0 20993 2 0000000000000000 2
`;

const IPV6_TABLE = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  977: 00000000000000000000000001000000:C001 00000000000000000000000001000000:0539 01 00000000:00000000 00:00000000 00000000     0        0 20994 2 0000000000000000 9
`;

test('drops are read by address and port, also where two sockets share a port', () => {
  expect(sumSocketDrops(IPV4_TABLE, [{ address: '127.1.1.1', port: 0xb5a7 }])).toBe(40);
  expect(
    sumSocketDrops(IPV4_TABLE, [
      { address: '127.1.1.1', port: 0xb5a7 },
      { address: '127.1.1.2', port: 0xb5a8 },
    ]),
  ).toBe(42);
});

test('IPv6 sockets are found by their port', () => {
  expect(sumSocketDrops(IPV6_TABLE, [{ address: '::1', port: 0xc001 }])).toBe(9);
});

test('a socket that is not in the table makes the sum unknown', () => {
  expect(sumSocketDrops(IPV4_TABLE, [{ address: '127.1.1.1', port: 1 }])).toBeNull();
  expect(sumSocketDrops('', [{ address: '127.1.1.1', port: 0xb5a7 }])).toBeNull();
});
