/** Which part of a Node.js process's memory grew in the clean phase, and by what. Pure. */
import type { Bytes } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { loadRows, phaseLoad, processRows, runtimeRows, slope, thirds } from './series.ts';
import { COVERING_ANNOUNCES, LEAST_TREND_SAMPLES, TELLING_PACE_RATIO, worryLimits } from './thresholds.ts';

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
  /** `unknown`: peers came at the pace of the requests, so that memory cannot show which of them it follows. */
  readonly by: 'requests' | 'peers' | 'unknown';
  /** Peers that the load can have: workers times hashes each. */
  readonly mostPeers: number;
  readonly announcesBefore: number;
  /** Peers that came in the clean phase, by the load's plan. */
  readonly newPeers: number;
  readonly bytesPerRequest: Bytes;
  /** Null where fewer than one peer came. */
  readonly bytesPerNewPeer: Bytes | null;
  /** Pace in the last third of the clean phase over that in the first; null where it cannot be told. */
  readonly paces: {
    readonly memory: number;
    readonly peers: number;
    readonly requests: number;
  } | null;
}

/**
 * A load has at most so many peers. Once each has announced, more requests bring none, and what grows then grows by requests. While
 * they come, their pace falls as fewer are left, and that of the requests does not: memory follows one of the two.
 *
 * @param bytesPerMinute - of the clean phase
 * @returns null where nothing was answered
 */
export function growthCause(evidence: Evidence, bytesPerMinute: Bytes): GrowthCause | null {
  const clean = phaseLoad(evidence, 'clean');
  if (clean === null) return null;
  const { connect, announce, scrape } = clean.operations;
  const requests = connect.succeeded + announce.succeeded + scrape.succeeded;
  const minutes = (clean.endMs - clean.startMs) / MINUTE_MS;
  if (requests === 0 || minutes <= 0) return null;
  const { concurrency, hashesPerWorker } = evidence.run.scenario;
  const mostPeers = concurrency * hashesPerWorker;
  const announcesBefore = phaseLoad(evidence, 'warm-up')?.operations.announce.succeeded ?? 0;
  const peersAfter = (announces: number): number => mostPeers * (1 - Math.exp(-announces / mostPeers));
  const newPeers = peersAfter(announcesBefore + announce.succeeded) - peersAfter(announcesBefore);
  const paces = pacesOf(evidence, (share) => peersAfter(announcesBefore + share * announce.succeeded));
  return {
    by: announcesBefore >= COVERING_ANNOUNCES * mostPeers ? 'requests' : followed(paces),
    mostPeers,
    announcesBefore,
    newPeers,
    bytesPerRequest: (bytesPerMinute * minutes) / requests,
    bytesPerNewPeer: newPeers < 1 ? null : (bytesPerMinute * minutes) / newPeers,
    paces,
  };
}

const MINUTE_MS = 60_000;

/** Which of the two paces the memory's is nearer to. */
function followed(paces: GrowthCause['paces']): GrowthCause['by'] {
  if (paces === null || paces.peers > TELLING_PACE_RATIO * paces.requests) return 'unknown';
  return paces.memory <= (paces.peers + paces.requests) / 2 ? 'peers' : 'requests';
}

/**
 * @param peersAt - peers that have come when a part of the clean phase's replies, 0 to 1, has
 * @returns null where the load or the process was not sampled, or memory did not grow in the first third as fast as a worry
 */
function pacesOf(evidence: Evidence, peersAt: (share: number) => number): GrowthCause['paces'] {
  const rows = processRows(evidence, 'clean');
  const load = loadRows(evidence, 'clean');
  const replies = load.reduce((sum, { succeeded }) => sum + succeeded, 0);
  const third = Math.floor(load.length / 3);
  if (third === 0 || replies === 0 || rows.length < LEAST_TREND_SAMPLES) return null;
  const shareOf = (some: typeof load): number =>
    some.reduce((sum, { succeeded }) => sum + succeeded, 0) / replies;
  const [first, last] = [shareOf(load.slice(0, third)), shareOf(load.slice(-third))];
  const peersFirst = peersAt(first) - peersAt(0);
  const points = rows.map((row) => ({ x: row.atMs, y: row.rssBytes }));
  const size = Math.floor(points.length / 3);
  const [bytesFirst, bytesLast] = [slope(points.slice(0, size)), slope(points.slice(-size))];
  if (bytesFirst === null || bytesLast === null || first <= 0 || peersFirst <= 0) return null;
  if (bytesFirst * MINUTE_MS <= worryLimits.memoryBytesPerMinute) return null;
  return {
    memory: Math.max(0, bytesLast) / bytesFirst,
    peers: (peersAt(1) - peersAt(1 - last)) / peersFirst,
    requests: last / first,
  };
}

/** The same in words, as a part of a sentence. */
export function growthWords(cause: GrowthCause): string {
  const bytes = (value: number): string => Math.round(value).toLocaleString('en-US');
  const { by, paces, announcesBefore, mostPeers } = cause;
  if (by === 'unknown')
    return 'peers were still coming, so growth by peers cannot be told from growth by requests';
  if (by === 'peers') {
    const each = cause.bytesPerNewPeer === null ? '' : `, ${bytes(cause.bytesPerNewPeer)} bytes each`;
    return `it slowed down as fewer peers came while requests went on, so it grows by peers${each}`;
  }
  const each = `${bytes(cause.bytesPerRequest)} bytes each`;
  return paces === null || announcesBefore >= COVERING_ANNOUNCES * mostPeers
    ? `every peer had announced before, so it grows by requests, ${each}`
    : `it went on as fewer peers came, so it grows by requests, ${each}`;
}
