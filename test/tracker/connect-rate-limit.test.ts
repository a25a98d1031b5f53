import { describe, expect, it } from 'vitest';
import { ConnectRateLimit } from '../../src/tracker/connect-rate-limit.ts';

const key = Uint32Array.of(11, 12);

function address(number: number, bytes = 4): Uint8Array {
  const address = Buffer.alloc(bytes);
  address.writeUInt32BE(number, 0);
  return address;
}

describe('ConnectRateLimit', () => {
  it('admits so many a minute for each address, and again in the next minute', () => {
    const limit = new ConnectRateLimit(3, key);
    const take = (number: number, nowS: number) => limit.admits(address(number), 4, nowS);
    expect([0, 10, 20, 30, 59].map((nowS) => take(1, nowS))).toEqual([true, true, true, false, false]);
    expect(take(2, 30)).toBe(true);
    expect([60, 61, 62, 63].map((nowS) => take(1, nowS))).toEqual([true, true, true, false]);
  });

  it('takes a /64 of IPv6 for one sender', () => {
    const limit = new ConnectRateLimit(2, key);
    const inNet = (last: number) => {
      const bytes = address(0x20010db8, 16);
      bytes[15] = last;
      return bytes;
    };
    expect([1, 2, 3].map((last) => limit.admits(inNet(last), 16, 0))).toEqual([true, true, false]);
    expect(limit.admits(address(0x20010db9, 16), 16, 0)).toBe(true);
    expect(limit.admits(address(0x20010db8), 4, 0), 'an IPv4 address with the same first bytes').toBe(true);
  });

  it('turns nobody away for what others do, however many they are', () => {
    const limit = new ConnectRateLimit(1, key);
    const refused = Array.from({ length: 200_000 }, (_, number) =>
      limit.admits(address(number), 4, 5),
    ).filter((admitted) => !admitted);
    expect(refused).toEqual([]);
  });

  it('still knows the busiest sender after a flood of others', () => {
    const limit = new ConnectRateLimit(10, key);
    for (let request = 0; request < 10; request++) {
      limit.admits(address(7), 4, 0);
    }
    for (let number = 1000; number < 201_000; number++) {
      limit.admits(address(number), 4, 1);
    }
    expect(limit.admits(address(7), 4, 2)).toBe(false);
  });
});
