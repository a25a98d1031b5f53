/** Which part of a Node.js process's memory grew in the clean phase, and by what. Pure. */
import type { Bytes } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseLoad, processRows, runtimeRows, thirds } from './series.ts';
import { COVERING_ANNOUNCES } from './thresholds.ts';

export type MemoryRegion = 'V8 heap' | 'off-heap buffers' | 'native memory';

/** Growth from the first third of the clean phase to its last, by medians; each may be negative. */
export interface RegionGrowth {
  readonly rssBytes: Bytes;
  readonly byRegion: Readonly<Record<MemoryRegion, Bytes>>;
  /** The one that grew most. */
  readonly most: MemoryRegion;
  /** Its part of the growth of all that grew, 0 to 1. */
  readonly share: number;
}

/**
 * The heap is what V8 holds used; off-heap what it counts as external, array buffers among it; native memory what is left
 * of RSS. Null where the runtime was not sampled, or nothing grew.
 */
export function regionGrowth(evidence: Evidence): RegionGrowth | null {
  const runtime = runtimeRows(evidence, 'clean');
  const grown = (values: readonly number[]): number | null => {
    const ends = thirds(values);
    return ends === null ? null : ends.last - ends.first;
  };
  const rssBytes = grown(processRows(evidence, 'clean').map((row) => row.rssBytes));
  const heap = grown(runtime.map((row) => row.heapUsedBytes));
  const offHeap = grown(runtime.map((row) => row.externalBytes));
  if (rssBytes === null || heap === null || offHeap === null) return null;
  const byRegion = {
    'V8 heap': heap,
    'off-heap buffers': offHeap,
    'native memory': rssBytes - heap - offHeap,
  } as const;
  const all = Object.values(byRegion).reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
  if (all <= 0) return null;
  const [most] = (Object.keys(byRegion) as MemoryRegion[]).sort((a, b) => byRegion[b] - byRegion[a]);
  if (most === undefined) return null;
  return { rssBytes, byRegion, most, share: byRegion[most] / all };
}

/** What the memory grew by: the peers that came, or the requests that were answered. */
export interface GrowthCause {
  readonly by: 'requests' | 'peers';
  /** Peers that the load can have: workers times hashes each. */
  readonly mostPeers: number;
  readonly announcesBefore: number;
  readonly bytesPerRequest: Bytes;
}

/**
 * A load has at most so many peers. Once each has announced, more requests bring none, and what grows then grows by requests.
 *
 * @param bytesPerMinute - of the clean phase
 * @returns null where nothing was answered
 */
export function growthCause(evidence: Evidence, bytesPerMinute: Bytes): GrowthCause | null {
  const clean = phaseLoad(evidence, 'clean');
  if (clean === null) return null;
  const { connect, announce, scrape } = clean.operations;
  const requests = connect.succeeded + announce.succeeded + scrape.succeeded;
  const minutes = (clean.endMs - clean.startMs) / 60_000;
  if (requests === 0 || minutes <= 0) return null;
  const { concurrency, hashesPerWorker } = evidence.run.scenario;
  const mostPeers = concurrency * hashesPerWorker;
  const announcesBefore = phaseLoad(evidence, 'warm-up')?.operations.announce.succeeded ?? 0;
  return {
    by: announcesBefore >= COVERING_ANNOUNCES * mostPeers ? 'requests' : 'peers',
    mostPeers,
    announcesBefore,
    bytesPerRequest: (bytesPerMinute * minutes) / requests,
  };
}
