/** Types that the capture code shares with the on-disk run; no runtime code, so that the preload stays light. */
import type { z } from 'zod';
import type { missingProfileSchema, ProfileFile, RuntimeRow } from '../../run.ts';

export type { GcKind, ProfileFile } from '../../run.ts';
export type ProfileKind = ProfileFile['kind'];
export type MissingProfile = z.infer<typeof missingProfileSchema>;

/** A runtime row before the lab's clock has stamped it. */
export type RuntimeReading = Omit<RuntimeRow, 'atMs'>;

/** The part of a runtime row that is added up over threads. GC counters are cumulative. */
export type ThreadReading = Pick<
  RuntimeRow,
  'heapUsedBytes' | 'heapTotalBytes' | 'externalBytes' | 'arrayBuffersBytes' | 'gc'
>;

/** One thread's profile as encoded, ungzipped pprof. */
export interface ThreadProfile {
  readonly kind: ProfileKind;
  readonly thread: string;
  readonly bytes: Uint8Array;
  readonly durationNs: number;
  /** Microseconds for CPU, bytes for the heap kinds. */
  readonly interval: number;
  /** When its samples, labelled by slice of time, were taken; absent: they have no times. */
  readonly window?: SampleWindow;
}

/** A time by the machine's monotonic clock (`process.hrtime`). */
export interface SampleWindow {
  readonly startNs: number;
  readonly endNs: number;
}
