import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Profile } from 'pprof-format';

/** Go's profiles grow about tenfold; more than this is no profile. */
const MOST_UNPACKED_BYTES = 256 * 1024 * 1024;

/** A profile as the endpoint gave it. */
export interface Snapshot {
  readonly profile: Profile;
  /** By index, checked to lie in the string table. */
  readonly valueTypes: readonly string[];
}

export type SnapshotReading =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly reason: string };

/** Reads an answer of a pprof endpoint, gzipped or not. Never rejects. */
export async function readSnapshot(bytes: Uint8Array): Promise<SnapshotReading> {
  try {
    const unpacked = isGzip(bytes)
      ? await promisify(gunzip)(bytes, { maxOutputLength: MOST_UNPACKED_BYTES })
      : bytes;
    if (!hasProfileShape(unpacked)) return noProfile('its bytes are not of that format');
    const profile = Profile.decode(unpacked);
    const valueTypes = profile.sampleType.map(({ type }) => profile.stringTable.strings[Number(type)] ?? '');
    if (valueTypes.length === 0 || valueTypes.includes('')) return noProfile('it names no value types');
    if (profile.sample.some(({ value }) => value.length !== valueTypes.length)) {
      return noProfile('a sample has not a value of each type');
    }
    return { ok: true, snapshot: { profile, valueTypes } };
  } catch (error) {
    return noProfile(error instanceof Error ? error.message : String(error));
  }
}

function noProfile(why: string): SnapshotReading {
  return { ok: false, reason: `the answer is no pprof profile (${why})` };
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

const STRING_TABLE_FIELD = 6;
const HIGHEST_FIELD = 15;
const WIRE_VARINT = 0;
const WIRE_LENGTH_DELIMITED = 2;
/** Of 64 bits. */
const MOST_VARINT_BYTES = 10;

/**
 * Whether the bytes are a sequence of fields of pprof's `Profile`, with no number that is longer than a number can be.
 *
 * The decoder trusts lengths and reads a number of any length, in a time that grows with its square; an answer that is
 * no profile must not hold up the lab. All texts stand in the string table, so that nothing but numbers is looked at.
 */
function hasProfileShape(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++] as number;
    const field = tag >> 3;
    const wire = tag & 7;
    if (field < 1 || field > HIGHEST_FIELD) return false;
    const start = at;
    while (at < bytes.length && (bytes[at] as number) >= 0x80) at++;
    at++;
    if (at > bytes.length || at - start > MOST_VARINT_BYTES) return false;
    if (wire === WIRE_VARINT) continue;
    if (wire !== WIRE_LENGTH_DELIMITED) return false;
    const end = at + readLength(bytes, start, at);
    if (end > bytes.length) return false;
    if (field !== STRING_TABLE_FIELD && hasOverlongNumber(bytes, at, end)) return false;
    at = end;
  }
  return true;
}

function readLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = end - 1; at >= start; at--) length = length * 128 + ((bytes[at] as number) & 0x7f);
  return length;
}

function hasOverlongNumber(bytes: Uint8Array, start: number, end: number): boolean {
  let run = 0;
  for (let at = start; at < end; at++) {
    run = (bytes[at] as number) >= 0x80 ? run + 1 : 0;
    if (run >= MOST_VARINT_BYTES) return true;
  }
  return false;
}
