/**
 * Connection ids that need no memory: 16 bits of the second of issue and 48 bits of SipHash-2-4 over the sender's
 * address and that second. Whoever shows one back has received a datagram at that address. Ids are bound to the IP
 * address and not to the port, since a NAT may change the port and a client may own several sockets. Pure: the time is
 * an argument. Within one machine it is a monotonic clock; where several machines share a key it is the clock on the
 * wall, whose skew is allowed for.
 *
 * The second stands in the id in clear, so that an id that is merely old is told apart from one that was made up, and
 * so that one hash decides, whatever the age. A guess is right once in 2^48.
 */
import { readUint16, writeUint16, writeUint32 } from '../wire/bep15.ts';
import { SIPHASH_KEY_BYTES, sipHash24 } from './siphash.ts';

/**
 * How long an id is good for, in seconds, at least; one more second at most, since the clock is read in whole seconds.
 *
 * @see https://www.bittorrent.org/beps/bep_0015.html "until two minutes after it has been sent"
 */
export const CONNECTION_ID_LIFETIME_S = 120;

/**
 * - `valid`: issued to this address and not older than {@link CONNECTION_ID_LIFETIME_S} (and the skew allowed for)
 * - `expired`: issued to this address within the last 18 hours, but too old
 * - `forged`: anything else, such as an id of another address or of another key
 */
export type ConnectionIdVerdict = 'valid' | 'expired' | 'forged';

/**
 * By so much the clocks of two trackers with the same key may differ. An id is good for so much longer, and so much
 * before the second that stands in it: none is refused too early or as one from the future. Clocks kept by NTP are
 * within a tenth of a second; a clock that is set back by this loses no id either.
 */
export const CLOCK_SKEW_S = 15;

const CLOCK_SPAN_S = 0x1_0000;

export class ConnectionIds {
  private key: Uint8Array;
  private otherKey: Uint8Array | null = null;
  private readonly message = new Uint8Array(20);
  private readonly hash = new Uint32Array(2);

  private readonly skewS: number;

  /**
   * @param key - 16 secret bytes
   * @param skewS - by how much the clocks of those who issue ids may differ; 0: there is one clock
   */
  constructor(key: Uint8Array, skewS = 0) {
    this.key = checkedKey(key);
    this.skewS = skewS;
  }

  /**
   * Changes the keys.
   *
   * @param key - 16 secret bytes, from which ids are issued from now on
   * @param otherKey - ids of this one are taken as well; null: of the first one only
   */
  setKeys(key: Uint8Array, otherKey: Uint8Array | null): void {
    this.key = checkedKey(key);
    this.otherKey = otherKey === null ? null : checkedKey(otherKey);
  }

  /**
   * Writes the 8 bytes of a fresh id at `at`.
   *
   * @param address - the sender's IP address from index 0
   * @param addressBytes - 4 or 16
   * @param nowS - whole seconds of the clock that all calls are given
   */
  issue(address: Uint8Array, addressBytes: number, nowS: number, target: Uint8Array, at: number): void {
    this.mac(this.key, address, addressBytes, nowS);
    writeUint16(target, at, nowS & 0xffff);
    writeUint16(target, at + 2, this.hash[1] as number);
    writeUint32(target, at + 4, this.hash[0] as number);
  }

  /** Judges the 8 bytes at `at`; the parameters are those of {@link issue}. */
  verify(
    address: Uint8Array,
    addressBytes: number,
    nowS: number,
    bytes: Uint8Array,
    at: number,
  ): ConnectionIdVerdict {
    const sinceS = (nowS - readUint16(bytes, at)) & (CLOCK_SPAN_S - 1);
    const ageS = sinceS >= CLOCK_SPAN_S - this.skewS ? sinceS - CLOCK_SPAN_S : sinceS;
    const issuedS = nowS - ageS;
    if (!this.isOf(this.key, address, addressBytes, issuedS, bytes, at)) {
      const { otherKey } = this;
      if (otherKey === null || !this.isOf(otherKey, address, addressBytes, issuedS, bytes, at)) {
        return 'forged';
      }
    }
    return ageS <= CONNECTION_ID_LIFETIME_S + this.skewS ? 'valid' : 'expired';
  }

  private isOf(
    key: Uint8Array,
    address: Uint8Array,
    addressBytes: number,
    issuedS: number,
    bytes: Uint8Array,
    at: number,
  ): boolean {
    this.mac(key, address, addressBytes, issuedS);
    const low = this.hash[0] as number;
    const high = this.hash[1] as number;
    // All six bytes are looked at whatever the first ones say: the time taken tells nothing of where a guess went wrong.
    const difference =
      ((bytes[at + 2] as number) ^ ((high >>> 8) & 0xff)) |
      ((bytes[at + 3] as number) ^ (high & 0xff)) |
      ((bytes[at + 4] as number) ^ (low >>> 24)) |
      ((bytes[at + 5] as number) ^ ((low >>> 16) & 0xff)) |
      ((bytes[at + 6] as number) ^ ((low >>> 8) & 0xff)) |
      ((bytes[at + 7] as number) ^ (low & 0xff));
    return difference === 0;
  }

  private mac(key: Uint8Array, address: Uint8Array, addressBytes: number, issuedS: number): void {
    const message = this.message;
    for (let index = 0; index < addressBytes; index++) {
      message[index] = address[index] as number;
    }
    writeUint32(message, addressBytes, issuedS);
    sipHash24(key, message, addressBytes + 4, this.hash);
  }
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length !== SIPHASH_KEY_BYTES) {
    throw new RangeError(`the key has ${key.length} bytes, not ${SIPHASH_KEY_BYTES}`);
  }
  return Uint8Array.from(key);
}
