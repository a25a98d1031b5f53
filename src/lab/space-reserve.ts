import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bytes } from '../units.ts';

/** A run.json is 10 to 30 KiB; error texts of a hostile tracker add up to 10 KiB. */
const RESERVED_BYTES: Bytes = 64 * 1024;

/**
 * Room on the disk that nobody else can take, so that a run's record can be written where the disk filled up meanwhile.
 * The file has no name: the kernel gives the room back however the lab ends.
 */
export class SpaceReserve {
  /** Descriptor; null when the room was given back. */
  #descriptor: number | null;

  /**
   * @param directory - on the disk that is meant
   * @throws the system's error where there is no room already
   */
  constructor(directory: string) {
    const file = path.join(directory, 'reserve.tmp');
    this.#descriptor = openSync(file, 'wx');
    try {
      rmSync(file);
      writeFileSync(this.#descriptor, new Uint8Array(RESERVED_BYTES).fill(1));
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Gives the room back. Also where that was done already. */
  release(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
