import type { RssFigures } from '../memory-series.ts';
import type { PhaseFigures } from '../phase-figures.ts';
import { type Status, statusOf, worstOf } from '../status.ts';
import { localLatencyTiers, memoryTiers, remoteLatencyTiers, requestTiers } from '../thresholds.ts';
import type { Report } from './report-schema.ts';

export interface StatusInput {
  /** Null where the run ended before its clean phase. */
  readonly clean: PhaseFigures | null;
  readonly network: 'local' | 'remote';
  readonly rss: RssFigures | null;
  readonly continuousGrowth: boolean;
}

/** The status of each figure of the clean phase and of the whole. Pure. */
export function statusesOf(input: StatusInput): Report['statuses'] {
  const { clean } = input;
  const requests = {
    requestsPerSecond: clean?.requestsPerSecond ?? null,
    successShare: clean?.successShare ?? null,
    errorShare: clean?.errorShare ?? null,
  };
  const latency = { p95Ns: clean?.latency?.p95Ns ?? null, p99Ns: clean?.latency?.p99Ns ?? null };
  const latencyTiers = input.network === 'local' ? localLatencyTiers : remoteLatencyTiers;
  const memory = {
    growthBytes: input.rss?.growthBytes ?? null,
    continuousGrowth: input.rss === null ? null : Number(input.continuousGrowth),
  };
  const requestsOverall = statusOf(requestTiers, requests);
  const latencyOverall = statusOf(latencyTiers, latency);
  return {
    overall: overallOf(requestsOverall, latencyOverall),
    requests: {
      total: unjudged('a count; the rate is judged'),
      successful: statusOf(requestTiers, requests, 'successShare'),
      failed: statusOf(requestTiers, requests, 'errorShare'),
      requestsPerSecond: statusOf(requestTiers, requests, 'requestsPerSecond'),
      overall: requestsOverall,
    },
    latency: {
      min: unjudged('the best case; it has no limit'),
      avg: unjudged('judged per operation, in the request breakdown'),
      p50: unjudged('no limit of its own; never above P95'),
      p95: statusOf(latencyTiers, latency, 'p95Ns'),
      p99: statusOf(latencyTiers, latency, 'p99Ns'),
      max: unjudged('a single reply; P99 is judged'),
      overall: latencyOverall,
    },
    memory: {
      initial: unjudged('where the growth starts from'),
      peak: unjudged('the growth is judged'),
      growth: statusOf(memoryTiers, memory),
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

function unjudged(reason: string): Status {
  return { tier: null, reason };
}
