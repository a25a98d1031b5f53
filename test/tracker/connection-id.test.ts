import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOCK_SKEW_S, CONNECTION_ID_LIFETIME_S, ConnectionIds } from '../../src/tracker/connection-id.ts';

const key = Uint8Array.from({ length: 16 }, (_, index) => index * 7);
const ipv4 = Uint8Array.of(192, 0, 2, 7);
const ipv6 = Uint8Array.from({ length: 16 }, (_, index) => 0x20 + index);

function issued(ids: ConnectionIds, address: Uint8Array, nowS: number): Uint8Array {
  const bytes = new Uint8Array(8);
  ids.issue(address, address.length, nowS, bytes, 0);
  return bytes;
}

describe('ConnectionIds', () => {
  const ids = new ConnectionIds(key);

  it.each([
    ['IPv4', ipv4],
    ['IPv6', ipv6],
  ])('accepts its own id of an %s address for two minutes, and tells later that it expired', (_, address) => {
    for (const start of [0, 1, 119, 65_535, 65_536, 1_000_000, 86_400 * 365]) {
      const id = issued(ids, address, start);
      const at = (ageS: number) => ids.verify(address, address.length, start + ageS, id, 0);
      expect([0, 1, 60, 119, 120].map(at)).toEqual(Array(5).fill('valid'));
      expect([CONNECTION_ID_LIFETIME_S + 1, 300, 3600, 65_535].map(at)).toEqual(Array(4).fill('expired'));
      expect(at(65_536), 'an id that is too old to tell is a forged one').toBe('forged');
    }
  });

  it('accepts ids of clocks that are ahead or behind, for as long as BEP 15 has it', () => {
    const [mine, other] = [new ConnectionIds(key, CLOCK_SKEW_S), new ConnectionIds(key, CLOCK_SKEW_S)];
    for (const nowS of [5, 65_530, 1_795_000_000]) {
      for (const aheadS of [-CLOCK_SKEW_S, -1, 0, 1, CLOCK_SKEW_S]) {
        const id = issued(other, ipv4, nowS + aheadS);
        for (const laterS of [0, CONNECTION_ID_LIFETIME_S]) {
          expect(mine.verify(ipv4, 4, nowS + laterS, id, 0), `${aheadS} s ahead, ${laterS} s later`).toBe(
            'valid',
          );
        }
      }
      const tooFar = issued(other, ipv4, nowS + CLOCK_SKEW_S + 1);
      expect(mine.verify(ipv4, 4, nowS, tooFar, 0)).toBe('forged');
      const old = issued(other, ipv4, nowS);
      expect(mine.verify(ipv4, 4, nowS + CONNECTION_ID_LIFETIME_S + CLOCK_SKEW_S, old, 0)).toBe('valid');
      expect(mine.verify(ipv4, 4, nowS + CONNECTION_ID_LIFETIME_S + CLOCK_SKEW_S + 1, old, 0)).toBe(
        'expired',
      );
      expect(ids.verify(ipv4, 4, nowS, issued(ids, ipv4, nowS + 1), 0), 'one clock has no future').toBe(
        'forged',
      );
    }
  });

  it('takes ids of a second key for as long as it is named, and issues from the first', () => {
    const [before, after] = [new ConnectionIds(key), new ConnectionIds(key.map((byte) => byte ^ 1))];
    const [old, fresh] = [issued(before, ipv4, 10), issued(after, ipv4, 10)];
    const mine = new ConnectionIds(key);
    const verdicts = () => [old, fresh].map((id) => mine.verify(ipv4, 4, 20, id, 0));
    expect(verdicts()).toEqual(['valid', 'forged']);
    mine.setKeys(
      key,
      key.map((byte) => byte ^ 1),
    );
    expect(verdicts()).toEqual(['valid', 'valid']);
    expect(issued(mine, ipv4, 10)).toEqual(old);
    expect(mine.verify(ipv4, 4, 10 + CONNECTION_ID_LIFETIME_S + 1, fresh, 0)).toBe('expired');
    mine.setKeys(
      key.map((byte) => byte ^ 1),
      null,
    );
    expect(verdicts()).toEqual(['forged', 'valid']);
    expect(issued(mine, ipv4, 10)).toEqual(fresh);
  });

  it('is bound to the address', () => {
    const id = issued(ids, ipv4, 1000);
    expect(ids.verify(Uint8Array.of(192, 0, 2, 8), 4, 1000, id, 0)).toBe('forged');
    expect(ids.verify(ipv6, 16, 1000, id, 0)).toBe('forged');
  });

  it('is bound to the key', () => {
    const other = new ConnectionIds(key.map((byte) => byte ^ 1));
    expect(other.verify(ipv4, 4, 1000, issued(ids, ipv4, 1000), 0)).toBe('forged');
    expect(new ConnectionIds(key).verify(ipv4, 4, 1000, issued(ids, ipv4, 1000), 0)).toBe('valid');
  });

  it('does not come from the future', () => {
    expect(ids.verify(ipv4, 4, 1000, issued(ids, ipv4, 1001), 0)).toBe('forged');
  });

  it('is forged when any of its bits is changed', () => {
    const id = issued(ids, ipv4, 500_000);
    for (let bit = 0; bit < 64; bit++) {
      const changed = Uint8Array.from(id);
      changed[bit >>> 3] = (changed[bit >>> 3] as number) ^ (1 << (bit & 7));
      expect(ids.verify(ipv4, 4, 500_000, changed, 0)).toBe('forged');
    }
  });

  it('refuses guesses', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (guess) => {
        expect(ids.verify(ipv4, 4, 77_777, guess, 0)).toBe('forged');
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('refuses a key of another length', () => {
    expect(() => new ConnectionIds(new Uint8Array(8))).toThrow('8 bytes, not 16');
  });
});
