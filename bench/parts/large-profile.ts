/** A pprof file of a size that no test has: made from a seed, so that it is the same everywhere. */
import { gzipSync } from 'node:zlib';
import { SeededRandom } from '../../src/lab/load/seeded-random.ts';

const FUNCTIONS = 4_000;
const LOCATIONS = 12_000;
const FILES = 400;
const SHALLOWEST = 8;
const DEPTH_SPREAD = 40;
const SAMPLE_PERIOD_NS = 10_000_000;
const WireType = { varint: 0, bytes: 2 } as const;

/** Protobuf, as much of it as a profile needs. */
class ProtobufWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  varint(value: number): void {
    if (this.#length + 10 > this.#bytes.length) this.#grow(10);
    let left = value;
    for (; left >= 128; left = Math.floor(left / 128)) this.#bytes[this.#length++] = (left % 128) | 128;
    this.#bytes[this.#length++] = left;
  }

  number(field: number, value: number): void {
    this.varint(field * 8 + WireType.varint);
    this.varint(value);
  }

  block(field: number, content: Uint8Array): void {
    this.varint(field * 8 + WireType.bytes);
    this.varint(content.length);
    if (this.#length + content.length > this.#bytes.length) this.#grow(content.length);
    this.#bytes.set(content, this.#length);
    this.#length += content.length;
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + least));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}

/**
 * A CPU profile of so many samples, gzipped. Its stacks are walks through a call tree in which each function has a few
 * callees, one of them far more often than the others: neighbours share most of their frames, as real ones do.
 */
export function largeProfile(samples: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed, 0);
  const profile = new ProtobufWriter();
  const part = new ProtobufWriter();
  const inner = new ProtobufWriter();
  const texts: string[] = [''];
  const text = (value: string): number => texts.push(value) - 1;

  const valueType = (field: number, type: string, unit: string): void => {
    part.clear();
    part.number(1, text(type));
    part.number(2, text(unit));
    profile.block(field, part.bytes);
  };
  valueType(1, 'samples', 'count');
  valueType(1, 'cpu', 'nanoseconds');
  writeSamples(profile, samples, random);
  for (let id = 1; id <= LOCATIONS; id++) {
    inner.clear();
    inner.number(1, 1 + (id % FUNCTIONS));
    inner.number(2, 10 + random.nextBelow(900));
    part.clear();
    part.number(1, id);
    part.number(3, 0x40_0000 + 16 * id);
    part.block(4, inner.bytes);
    profile.block(4, part.bytes);
  }
  const files = Array.from({ length: FILES }, (_, file) =>
    text(`/srv/app/src/module-${file % 40}/file-${file}.ts`),
  );
  for (let id = 1; id <= FUNCTIONS; id++) {
    const name = text(`Class${id % 97}.method${id}`);
    part.clear();
    part.number(1, id);
    part.number(2, name);
    part.number(3, name);
    part.number(4, files[id % FILES] as number);
    part.number(5, 1 + random.nextBelow(900));
    profile.block(5, part.bytes);
  }
  valueType(11, 'cpu', 'nanoseconds');
  profile.number(12, SAMPLE_PERIOD_NS);
  for (const one of texts) profile.block(6, Buffer.from(one));
  return gzipSync(profile.bytes);
}

function writeSamples(profile: ProtobufWriter, samples: number, random: SeededRandom): void {
  const part = new ProtobufWriter();
  const inner = new ProtobufWriter();
  const stack: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const depth = SHALLOWEST + random.nextBelow(DEPTH_SPREAD);
    stack.length = 0;
    let location = 1;
    for (let level = 0; level < depth; level++) {
      stack.push(location);
      // One callee in two thirds of the calls, seven others in the rest.
      const callee = random.nextBelow(3) < 2 ? 0 : 1 + random.nextBelow(7);
      location = 1 + ((location * 31 + callee * 7919 + level * 17) % LOCATIONS);
    }
    inner.clear();
    for (let level = depth - 1; level >= 0; level--) inner.varint(stack[level] as number);
    part.clear();
    part.block(1, inner.bytes);
    inner.clear();
    const count = 1 + random.nextBelow(4);
    inner.varint(count);
    inner.varint(count * SAMPLE_PERIOD_NS);
    part.block(2, inner.bytes);
    profile.block(2, part.bytes);
  }
}
