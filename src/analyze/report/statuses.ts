import type { RssFigures } from '../memory-series.ts';
import type { PhaseFigures } from '../phase-figures.ts';
import { type Status, statusOf, worstOf } from '../status.ts';
import {
  localLatencyTiers,
  memoryTiers,
  openLoopTiers,
  remoteLatencyTiers,
  requestTiers,
} from '../tier-tables.ts';
import type { Report } from './report-schema.ts';

export interface StatusInput {
  /** Null where the run ended before its clean phase. */
  readonly clean: PhaseFigures | null;
  readonly network: 'local' | 'remote';
  readonly rss: RssFigures | null;
  readonly continuousGrowth: boolean;
  /** Requests per second of an open loop; 0: a closed one. */
  readonly ratePerSecond: number;
  /** Why the run says nothing of the tracker, so that nothing has a status; null where it does. */
  readonly invalid: string | null;
  /** How the tracker ended by itself; null where it did not. */
  readonly crash: string | null;
}

/** The status of each figure of the clean phase and of the whole. Pure. */
export function statusesOf(input: StatusInput): Report['statuses'] {
  const { clean } = input;
  const requests = {
    requestsPerSecond: clean?.requestsPerSecond ?? null,
    successShare: clean?.successShare ?? null,
    errorShare: clean?.errorShare ?? null,
    servedShare: clean?.servedShare ?? null,
  };
  const rate = input.ratePerSecond > 0 ? 'servedShare' : 'requestsPerSecond';
  const tiers = input.ratePerSecond > 0 ? openLoopTiers : requestTiers;
  const of = (status: Status): Status => voidOf(input.invalid) ?? status;
  const latency = { p95Ns: clean?.latency?.p95Ns ?? null, p99Ns: clean?.latency?.p99Ns ?? null };
  const latencyTiers = input.network === 'local' ? localLatencyTiers : remoteLatencyTiers;
  const memory = {
    growthBytes: input.rss?.growthBytes ?? null,
    continuousGrowth: input.rss === null ? null : Number(input.continuousGrowth),
  };
  const requestsOverall = of(statusOf(tiers, requests));
  const latencyOverall = of(statusOf(latencyTiers, latency));
  return {
    overall: crashStatus(input.crash) ?? voidOf(input.invalid) ?? overallOf(requestsOverall, latencyOverall),
    requests: {
      total: unjudged('a count; the rate is judged'),
      successful: of(statusOf(tiers, requests, 'successShare')),
      failed: of(statusOf(tiers, requests, 'errorShare')),
      requestsPerSecond: of(statusOf(tiers, requests, rate)),
      overall: requestsOverall,
    },
    latency: {
      min: unjudged('the best case; it has no limit'),
      avg: unjudged('judged per operation, in the request breakdown'),
      p50: unjudged('no limit of its own; never above P95'),
      p95: of(statusOf(latencyTiers, latency, 'p95Ns')),
      p99: of(statusOf(latencyTiers, latency, 'p99Ns')),
      max: unjudged('a single reply; P99 is judged'),
      overall: latencyOverall,
    },
    memory: {
      initial: unjudged('where the growth starts from'),
      peak: unjudged('the growth is judged'),
      growth: of(statusOf(memoryTiers, memory)),
    },
  };
}

/** The worse of the two, named with its side. */
function overallOf(requests: Status, latency: Status): Status {
  const worst = worstOf([requests, latency]);
  if (worst === null) return { tier: null, reason: 'not measured' };
  const side = worst === requests ? 'requests' : 'latency';
  return { tier: worst.tier, reason: `${side}: ${worst.reason}` };
}

/** Whatever the figures were until then. */
function crashStatus(crash: string | null): Status | null {
  return crash === null ? null : { tier: 'Critical', reason: crash };
}

function voidOf(invalid: string | null): Status | null {
  return invalid === null ? null : unjudged(`the run is invalid: ${invalid}`);
}

function unjudged(reason: string): Status {
  return { tier: null, reason };
}
