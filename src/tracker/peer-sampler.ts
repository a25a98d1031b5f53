/**
 * Draws peers for an announce reply: every set of that many peers is equally likely, whatever the order in which the
 * peers came. Robert Floyd's algorithm: one draw a peer, whatever the size of the swarm. Pure but for its random
 * source, which is an argument.
 *
 * @see https://dl.acm.org/doi/10.1145/30401.315746
 */
import type { RandomSource } from './random-source.ts';

/** What is drawn from, and where the peers go. */
export interface SampleRequest {
  /** The packed peers. */
  bytes: Uint8Array;
  firstPeerAt: number;
  peerBytes: number;
  /** Peers 0 to `population - 1` are drawn from. */
  population: number;
  /** Position of a peer that is left out; `population` or more, or negative: none is. */
  excluded: number;
  wanted: number;
}

export class PeerSampler {
  private readonly random: RandomSource;
  /** A bit a peer; all zero between two draws. */
  private marks = new Uint32Array(32);
  private readonly drawn: Uint32Array;

  /** @param mostPeers - the most that a request may want */
  constructor(random: RandomSource, mostPeers: number) {
    this.random = random;
    this.drawn = new Uint32Array(mostPeers);
  }

  /**
   * Writes distinct peers at `at`.
   *
   * @returns how many: `wanted`, or all that there are
   */
  write(request: SampleRequest, target: Uint8Array, at: number): number {
    const { bytes, firstPeerAt, peerBytes, population, excluded, wanted } = request;
    const leavesOut = excluded >= 0 && excluded < population;
    const others = leavesOut ? population - 1 : population;
    const skipFrom = leavesOut ? excluded : population;
    let writeAt = at;
    if (wanted >= others) {
      for (let peer = 0; peer < others; peer++) {
        copyPeer(
          bytes,
          firstPeerAt + (peer < skipFrom ? peer : peer + 1) * peerBytes,
          target,
          writeAt,
          peerBytes,
        );
        writeAt += peerBytes;
      }
      return others;
    }
    this.makeRoom(others);
    const { marks, drawn, random } = this;
    const first = others - wanted;
    for (let turn = 0; turn < wanted; turn++) {
      let peer = random.below(first + turn + 1);
      if (((marks[peer >>> 5] as number) >>> (peer & 31)) & 1) {
        peer = first + turn;
      }
      marks[peer >>> 5] = (marks[peer >>> 5] as number) | (1 << (peer & 31));
      drawn[turn] = peer;
      copyPeer(
        bytes,
        firstPeerAt + (peer < skipFrom ? peer : peer + 1) * peerBytes,
        target,
        writeAt,
        peerBytes,
      );
      writeAt += peerBytes;
    }
    for (let turn = 0; turn < wanted; turn++) {
      marks[(drawn[turn] as number) >>> 5] = 0;
    }
    return wanted;
  }

  private makeRoom(population: number): void {
    if (population > this.marks.length * 32) {
      this.marks = new Uint32Array(2 ** Math.ceil(Math.log2(population / 32)));
    }
  }
}

/** Six bytes at a time, of which peers of both families are a multiple; it is the innermost loop of the tracker. */
function copyPeer(bytes: Uint8Array, from: number, target: Uint8Array, at: number, peerBytes: number): void {
  for (let byte = 0; byte < peerBytes; byte += 6) {
    const source = from + byte;
    const sink = at + byte;
    target[sink] = bytes[source] as number;
    target[sink + 1] = bytes[source + 1] as number;
    target[sink + 2] = bytes[source + 2] as number;
    target[sink + 3] = bytes[source + 3] as number;
    target[sink + 4] = bytes[source + 4] as number;
    target[sink + 5] = bytes[source + 5] as number;
  }
}
