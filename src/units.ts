/**
 * Unit aliases for signatures. They document, they do not check: every value is a plain `number`.
 * Inside the lab, times are nanoseconds or (where a human sets them) milliseconds, sizes are bytes;
 * only renderers format.
 */

/** A duration in nanoseconds. Exact up to 2^53 ns, about 104 days. */
export type Nanoseconds = number;
/** A duration in milliseconds. */
export type Milliseconds = number;
/** Milliseconds on the run's monotonic clock: 0 is the moment the run started. */
export type RunMilliseconds = number;
/** A size in bytes. 1 KiB = 1024 bytes, 1 kB = 1000 bytes. */
export type Bytes = number;
/** A share from 0 to 1. */
export type Share = number;
