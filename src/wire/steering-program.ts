/**
 * Which socket of a group gets a datagram, as a classic BPF program that the kernel runs for each one. Announces and
 * scrapes go by the first four bytes of their (first) info hash, so that all of a swarm meets at one socket. All else
 * goes by the sender's IP address, for IPv6 by its /64, so that what is counted per address is counted at one socket.
 * Pure.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/filter.html
 */
import { Action, RequestOffset, readUint32 } from './bep15.ts';

const INSTRUCTION_BYTES = 8;

/** Codes of `<linux/bpf_common.h>`. A is the accumulator, X the index register. */
const Code = {
  loadWord: 0x20,
  loadByte: 0x30,
  loadLength: 0x80,
  multiply: 0x24,
  shiftRight: 0x74,
  modulo: 0x94,
  xorX: 0xac,
  copyAToX: 0x07,
  jump: 0x05,
  jumpIfEqual: 0x15,
  jumpIfAtLeast: 0x35,
  returnConstant: 0x06,
  returnA: 0x16,
} as const;

/** `SKF_NET_OFF` of `<linux/filter.h>`: loads from here on read the IP header; others read the UDP payload. */
const IP_HEADER = 0xfff00000;
const IPV4_SOURCE_AT = 12;
const IPV6_SOURCE_AT = 8;
const IP_VERSION_4 = 4;

/** Up to here a request holds no whole info hash. */
const WHOLE_HASH_BYTES = 36;
/** 2^32 over the golden ratio: neighbouring addresses get different upper bits. */
const SCATTER = 0x9e3779b1;

interface Instruction {
  readonly code: number;
  /** Instructions skipped where the jump's condition holds, and where not. */
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value?: number;
}

/** The shard that a hash belongs to; the program sends its announces there. @param at - where the hash begins */
export function shardOf(bytes: Uint8Array, at: number, shards: number): number {
  return readUint32(bytes, at) % shards;
}

/**
 * The program for a group.
 *
 * @param shards - number of sockets, at least 1
 * @returns the instructions as the kernel takes them; the result of a run is the number of a socket
 */
export function steeringProgram(shards: number): Uint8Array {
  return assemble([
    { code: Code.loadLength },
    { code: Code.jumpIfAtLeast, value: WHOLE_HASH_BYTES, ifFalse: 6 },
    { code: Code.loadWord, value: RequestOffset.action },
    { code: Code.jumpIfEqual, value: Action.announce, ifTrue: 1 },
    { code: Code.jumpIfEqual, value: Action.scrape, ifFalse: 3 },
    { code: Code.loadWord, value: RequestOffset.infoHash },
    { code: Code.modulo, value: shards },
    { code: Code.returnA },
    { code: Code.loadByte, value: IP_HEADER },
    { code: Code.shiftRight, value: 4 },
    { code: Code.jumpIfEqual, value: IP_VERSION_4, ifFalse: 2 },
    { code: Code.loadWord, value: IP_HEADER + IPV4_SOURCE_AT },
    { code: Code.jump, value: 4 },
    { code: Code.loadWord, value: IP_HEADER + IPV6_SOURCE_AT },
    { code: Code.copyAToX },
    { code: Code.loadWord, value: IP_HEADER + IPV6_SOURCE_AT + 4 },
    { code: Code.xorX },
    { code: Code.multiply, value: SCATTER },
    { code: Code.shiftRight, value: 16 },
    { code: Code.modulo, value: shards },
    { code: Code.returnA },
  ]);
}

/** The program of a group of which only the first socket receives. */
export function firstSocketProgram(): Uint8Array {
  return assemble([{ code: Code.returnConstant, value: 0 }]);
}

/** A socket filter that lets nothing in. */
export function closedGateProgram(): Uint8Array {
  return assemble([{ code: Code.returnConstant, value: 0 }]);
}

function assemble(instructions: readonly Instruction[]): Uint8Array {
  const program = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(program.buffer);
  instructions.forEach(({ code, ifTrue = 0, ifFalse = 0, value = 0 }, index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    program[at + 2] = ifTrue;
    program[at + 3] = ifFalse;
    view.setUint32(at + 4, value, true);
  });
  return program;
}
