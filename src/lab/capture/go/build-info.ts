/** Reads the build information that Go's linker puts into every executable. Pure. */

/** @see Go's debug/buildinfo: the blob is a header of 32 bytes and two texts with their lengths as varints. */
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const HEADER_BYTES = 32;
const FLAGS_OFFSET = 15;
/** The texts follow the header; before Go 1.18 the header points to them elsewhere in memory. */
const FLAG_INLINE_TEXTS = 2;
/** Of `go version`'s own words, as `go1.26.8` or `devel go1.27-abcdef X:nocoverageredesign`. */
const MOST_VERSION_BYTES = 120;
const VERSION = /^(?:go\d|devel )[\x20-\x7e]*$/;

/** As many bytes of a file have to be looked at together for {@link readBuildInfo}. */
export const BUILD_INFO_BYTES: number = HEADER_BYTES + 2 + MOST_VERSION_BYTES;

/**
 * The Go version in a piece of an executable: `go1.26.8`; `before go1.18` where the blob is of the older form; null where
 * there is none. A program that reads build information itself holds the magic as well, but not what follows it.
 */
export function readBuildInfo(bytes: Buffer): string | null {
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const version = versionAt(bytes.subarray(at));
    if (version !== null) return version;
  }
  return null;
}

function versionAt(blob: Buffer): string | null {
  const pointerBytes = blob[FLAGS_OFFSET - 1];
  const flags = blob[FLAGS_OFFSET];
  if (flags === undefined) return null;
  if ((flags & FLAG_INLINE_TEXTS) === 0) {
    return (pointerBytes === 4 || pointerBytes === 8) && flags <= 1 ? 'before go1.18' : null;
  }
  // A varint of one byte: no version is longer than 127 bytes.
  const length = blob[HEADER_BYTES] ?? 0;
  const text = blob.subarray(HEADER_BYTES + 1, HEADER_BYTES + 1 + length).toString('latin1');
  return length <= MOST_VERSION_BYTES && text.length === length && VERSION.test(text) ? text : null;
}
