import type { Nanoseconds } from '../units.ts';
import type { Libc } from './libc.ts';
import { loadLibc } from './libc.ts';
import type { UdpSocket } from './udp-socket.ts';

const POLLIN = 1;
/** `struct pollfd` in 32-bit words: the descriptor; what is waited for (low half) and what was found. */
const ENTRY_WORDS = 2;
/** `struct timespec` in 32-bit words: seconds and nanoseconds of 64 bits, little-endian. */
const TIMEOUT_WORDS = 4;
const NANOSECONDS_WORD = 2;
/** Of the thread's waits. The kernel's 50 us would make every request late by as much. */
const TIMER_SLACK_NS = 1_000;

/** Lets a thread sleep until one of its batched sockets has something, or a time is over, without the event loop. */
export class SocketWait {
  readonly #libc: Libc;
  readonly #count: number;
  /** Held on to: the kernel reads and writes them. */
  readonly #memory: Int32Array;
  readonly #entriesAddress: number;
  readonly #timeoutAddress: number;

  private constructor(libc: Libc, descriptors: readonly number[]) {
    const timeoutAt = descriptors.length * ENTRY_WORDS;
    // A buffer of its own is never moved; short arrays without one lie where V8 moves them.
    this.#memory = new Int32Array(new ArrayBuffer(4 * (timeoutAt + TIMEOUT_WORDS)), 0);
    for (const [index, descriptor] of descriptors.entries()) {
      this.#memory[index * ENTRY_WORDS] = descriptor;
      this.#memory[index * ENTRY_WORDS + 1] = POLLIN;
    }
    this.#libc = libc;
    this.#count = descriptors.length;
    const bytes = new Uint8Array(this.#memory.buffer);
    this.#entriesAddress = libc.addressOf(bytes);
    this.#timeoutAddress = this.#entriesAddress + 4 * timeoutAt;
    libc.setTimerSlack(TIMER_SLACK_NS);
  }

  /** For the calling thread. @returns null where one of the sockets is not a batched one */
  static async open(sockets: readonly UdpSocket[]): Promise<SocketWait | null> {
    const loaded = await loadLibc();
    const descriptors = sockets.flatMap(({ descriptor }) => descriptor ?? []);
    if ('reason' in loaded || descriptors.length < sockets.length) return null;
    return new SocketWait(loaded.libc, descriptors);
  }

  /** @param mostNs - less than a second; nothing is waited for from 0 down */
  wait(mostNs: Nanoseconds): void {
    if (mostNs <= 0) return;
    this.#memory[this.#count * ENTRY_WORDS + NANOSECONDS_WORD] = mostNs;
    this.#libc.waitReadable(this.#entriesAddress, this.#count, this.#timeoutAddress);
  }
}
