/**
 * A cursor over protobuf wire format, as much of it as pprof needs. Hostile bytes end in {@link MalformedProtobuf},
 * never in a read outside of the buffer.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** The bytes are no protobuf, or not the one that was expected. The message says why, without the file's name. */
export class MalformedProtobuf extends Error {
  override readonly name = 'MalformedProtobuf';
}

export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Mask of 28 bits: four 7-bit groups, the most that 32-bit arithmetic holds without a sign. */
const LOW_28 = 0xfffffff;
const TWO_28 = 2 ** 28;
const TWO_56 = 2 ** 56;

export class ProtobufReader {
  readonly bytes: Uint8Array;
  position = 0;
  /** Field number of the last key read. */
  field = 0;
  /** Wire type of the last key read. */
  wireType = 0;
  // Bits 28-55 and 56-63 of the last varint of more than four bytes.
  #middle = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads a field's key into `field` and `wireType`. */
  readKey(): void {
    const key = this.readUint();
    // Field numbers end at 2^29 - 1.
    if (key >= 2 ** 32 || key < 8)
      throw new MalformedProtobuf(`bad field key ${key} at byte ${this.position}`);
    this.field = key >>> 3;
    this.wireType = key & 7;
  }

  /** Reads a length and answers where the message or string that follows ends. */
  readEnd(): number {
    if (this.wireType !== WireType.bytes) this.#refuseWireType();
    const length = this.readUint();
    const end = this.position + length;
    if (end > this.bytes.length) {
      throw new MalformedProtobuf(
        `field ${this.field} at byte ${this.position} has ${length} bytes, more than are left`,
      );
    }
    return end;
  }

  /** Passes over the value of the last key. */
  skip(): void {
    if (this.wireType === WireType.varint) this.readUint();
    else if (this.wireType === WireType.bytes) this.position = this.readEnd();
    else if (this.wireType === WireType.fixed64) this.position += 8;
    else if (this.wireType === WireType.fixed32) this.position += 4;
    else this.#refuseWireType();
    if (this.position > this.bytes.length) throw new MalformedProtobuf('the file ends inside a field');
  }

  /** Checks that the last field read ended where its message ends. */
  expectEnd(end: number): void {
    if (this.position !== end)
      throw new MalformedProtobuf(`a field runs over the end of its message at byte ${end}`);
  }

  /** The unsigned value of the last key, which has to be a varint. */
  uintField(): number {
    if (this.wireType !== WireType.varint) this.#refuseWireType();
    return this.readUint();
  }

  /** The signed value of the last key, which has to be a varint. */
  intField(): number {
    if (this.wireType !== WireType.varint) this.#refuseWireType();
    return this.readInt();
  }

  /** An unsigned 64-bit integer; above 2^53 the nearest double. */
  readUint(): number {
    const { bytes } = this;
    const first = bytes[this.position];
    if (first !== undefined && first < 0x80) {
      this.position++;
      return first;
    }
    const low = this.#readBits();
    return this.#high === 0 && this.#middle === 0 ? low : low + this.#middle * TWO_28 + this.#high * TWO_56;
  }

  /** A signed 64-bit integer (two's complement, not zigzag); beyond ±2^53 the nearest double. */
  readInt(): number {
    const low = this.#readBits();
    if (this.#high < 0x80) return low + this.#middle * TWO_28 + this.#high * TWO_56;
    // The complement is small where the number is close to zero, and so stays exact.
    return -((~low & LOW_28) + (~this.#middle & LOW_28) * TWO_28 + (~this.#high & 0xff) * TWO_56 + 1);
  }

  /** Reads a varint; answers its lower 28 bits and leaves the others in `#middle` and `#high`. */
  #readBits(): number {
    const { bytes } = this;
    this.#middle = 0;
    this.#high = 0;
    let low = 0;
    let position = this.position;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[position++];
      if (byte === undefined) throw new MalformedProtobuf('the file ends inside a number');
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift < 56) this.#middle |= bits << (shift - 28);
      else this.#high |= (bits << (shift - 56)) & 0xff;
      if (byte < 0x80) {
        this.position = position;
        return low;
      }
    }
    throw new MalformedProtobuf(`a number of more than 10 bytes at byte ${this.position}`);
  }

  #refuseWireType(): never {
    throw new MalformedProtobuf(
      `field ${this.field} has the wrong wire type ${this.wireType} at byte ${this.position}`,
    );
  }
}
