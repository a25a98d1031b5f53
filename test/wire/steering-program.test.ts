import { describe, expect, it } from 'vitest';
import { closedGateProgram, shardOf, steeringProgram } from '../../src/wire/steering-program.ts';

const IP_HEADER = 0xfff00000;

/** Runs a classic BPF program as the kernel does: a load beyond the end gives 0 as the result. */
function run(program: Uint8Array, ip: Uint8Array, payload: Uint8Array): number {
  const view = new DataView(program.buffer);
  let [a, x] = [0, 0];
  for (let at = 0; at < program.length; at += 8) {
    const [code, value] = [view.getUint16(at, true), view.getUint32(at + 4, true)];
    const skip = (holds: boolean): void => {
      at += 8 * (program[at + (holds ? 2 : 3)] as number);
    };
    const load = (bytes: number): boolean => {
      const from = value >= IP_HEADER ? ip : payload;
      const start = value >= IP_HEADER ? value - IP_HEADER : value;
      if (start + bytes > from.length) return false;
      a = Buffer.from(from).readUIntBE(start, bytes);
      return true;
    };
    if (code === 0x20) {
      if (!load(4)) return 0;
    } else if (code === 0x30) {
      if (!load(1)) return 0;
    } else if (code === 0x80) a = payload.length;
    else if (code === 0x24) a = Math.imul(a, value) >>> 0;
    else if (code === 0x74) a >>>= value;
    else if (code === 0x94) a %= value;
    else if (code === 0xac) a = (a ^ x) >>> 0;
    else if (code === 0x07) x = a;
    else if (code === 0x05) at += 8 * value;
    else if (code === 0x15) skip(a === value);
    else if (code === 0x35) skip(a >= value);
    else if (code === 0x06) return value;
    else if (code === 0x16) return a;
    else throw new Error(`instruction ${code.toString(16)}`);
  }
  throw new Error('the program runs past its end');
}

function ipv4Header(...source: number[]): Uint8Array {
  const header = new Uint8Array(20);
  header[0] = 0x45;
  header.set(source, 12);
  return header;
}

function ipv6Header(...source: number[]): Uint8Array {
  const header = new Uint8Array(40);
  header[0] = 0x60;
  header.set(source, 8);
  return header;
}

function request(action: number, length: number, hash: number): Buffer {
  const bytes = Buffer.alloc(length, 0x3c);
  if (length >= 12) bytes.writeUInt32BE(action, 8);
  if (length >= 20) bytes.writeUInt32BE(hash, 16);
  return bytes;
}

const hashes = [0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x12345678];

describe('the steering program', () => {
  it('is these instructions for two shards', () => {
    const words = Array.from({ length: 21 }, (_, index) =>
      Buffer.from(steeringProgram(2))
        .subarray(8 * index, 8 * index + 8)
        .toString('hex'),
    );
    expect(words).toEqual([
      '8000000000000000', // ld len
      '3500000624000000', // jge #36, 0, 6
      '2000000008000000', // ld [8]: action
      '1500010001000000', // jeq #1, 1, 0
      '1500000302000000', // jeq #2, 0, 3
      '2000000010000000', // ld [16]: info_hash
      '9400000002000000', // mod #2
      '1600000000000000', // ret a
      '300000000000f0ff', // ldb [net + 0]
      '7400000004000000', // rsh #4
      '1500000204000000', // jeq #4, 0, 2
      '200000000c00f0ff', // ld [net + 12]: IPv4 source
      '0500000004000000', // ja 4
      '200000000800f0ff', // ld [net + 8]: IPv6 source
      '0700000000000000', // tax
      '200000000c00f0ff', // ld [net + 12]
      'ac00000000000000', // xor x
      '24000000b179379e', // mul #0x9e3779b1
      '7400000010000000', // rsh #16
      '9400000002000000', // mod #2
      '1600000000000000', // ret a
    ]);
  });

  it.each([1, 2, 3, 7, 64])('sends announces and scrapes to the shard of their hash, of %i', (shards) => {
    const program = steeringProgram(shards);
    for (const hash of hashes) {
      for (const [action, length] of [
        [1, 98],
        [1, 2048],
        [1, 36],
        [2, 36],
        [2, 16 + 74 * 20],
      ] as const) {
        const bytes = request(action, length, hash);
        expect(run(program, ipv4Header(127, 0, 0, 1), bytes)).toBe(hash % shards);
        expect(shardOf(bytes, 16, shards)).toBe(hash % shards);
      }
    }
  });

  it('sends all else by the address, whatever stands in the datagram', () => {
    const program = steeringProgram(3);
    const seen = new Set<number>();
    for (let last = 1; last < 50; last++) {
      const header = ipv4Header(192, 0, 2, last);
      const shard = run(program, header, request(0, 16, 0));
      seen.add(shard);
      for (const [action, length] of [
        [0, 98],
        [0, 36],
        [3, 98],
        [1, 35],
        [2, 16],
        [1, 0],
        [0, 7],
      ] as const) {
        expect(run(program, header, request(action, length, last))).toBe(shard);
      }
    }
    expect([...seen].sort()).toEqual([0, 1, 2]);
  });

  it('keeps a /64 of IPv6 together and spreads the others', () => {
    const program = steeringProgram(3);
    const shardOfSubnet = (subnet: number, host: number): number =>
      run(
        program,
        ipv6Header(0x20, 1, 0xd, 0xb8, 0, 0, 0, subnet, host, 1, 2, 3, 4, 5, 6, host),
        request(0, 16, 0),
      );
    const seen = Array.from({ length: 50 }, (_, subnet) => shardOfSubnet(subnet, 1));
    expect(Array.from({ length: 50 }, (_, subnet) => shardOfSubnet(subnet, 200))).toEqual(seen);
    expect([...new Set(seen)].sort()).toEqual([0, 1, 2]);
  });
});

describe('the closed gate', () => {
  it('lets no byte of a datagram through', () => {
    expect(run(closedGateProgram(), ipv4Header(127, 0, 0, 1), request(1, 98, 1))).toBe(0);
  });
});
