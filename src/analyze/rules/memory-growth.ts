import type { Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding, Subject } from '../finding.ts';
import { inlinedKeeper, keepsBuffers, topBufferMaker, topKeeper } from '../live-heap-growth.ts';
import {
  type GrowthCause,
  growthCause,
  growthWords,
  type MemoryRegion,
  regionGrowth,
} from '../memory-regions.ts';
import { memoryTrend, rssFigures, runtimeMemory } from '../memory-series.ts';
import { statusOf } from '../status.ts';
import { MEMORY_CONCERN_BYTES, TELLING_PACE_RATIO, worryLimits } from '../thresholds.ts';
import { memoryTiers } from '../tier-tables.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/**
 * Does the tracker's memory grow past the template's limits, or keep growing through the clean phase? Says which memory it
 * is, whether peers or requests bring it, and who allocated what is kept.
 */
export function memoryGrowth(evidence: Evidence): Finding {
  const rss = rssFigures(evidence);
  if (rss === null) return insufficientData('memory-growth', "The tracker's memory was not sampled.");
  const trend = memoryTrend(evidence);
  const status = statusOf(memoryTiers, {
    growthBytes: rss.growthBytes,
    continuousGrowth: trend?.continuous === true ? 1 : 0,
  });
  const lines: EvidenceLine[] = [
    {
      metric: 'RSS, growth to its peak',
      value: rss.growthBytes / 1e6,
      unit: 'MB',
      threshold: MEMORY_CONCERN_BYTES / 1e6,
      source: 'timeline.ndjson',
    },
  ];
  if (trend !== null) {
    const threshold = worryLimits.memoryBytesPerMinute / 1e6;
    const rate = (metric: string, bytesPerMinute: number): EvidenceLine => ({
      metric,
      value: bytesPerMinute / 1e6,
      unit: 'MB/min',
      threshold,
      source: TIMELINE,
    });
    lines.push(
      rate('RSS, growth per minute', trend.bytesPerMinute),
      rate('RSS, growth per minute in the last third', trend.lastThirdBytesPerMinute),
    );
  }
  lines.push(...runtimeLines(evidence));
  const grew = `RSS grew by ${megabytes(rss.growthBytes)} to ${megabytes(rss.peakBytes)}`;
  if (status.tier !== 'Concern' && status.tier !== 'Critical') {
    if (trend === null) {
      return insufficientData(
        'memory-growth',
        `${grew}; the clean phase is too short to tell a trend.`,
        lines,
      );
    }
    return clear(
      'memory-growth',
      `${grew}, ${megabytes(trend.bytesPerMinute)} a minute in the clean phase.`,
      lines,
    );
  }
  const region = regionGrowth(evidence);
  if (region !== null) {
    for (const [name, bytes] of Object.entries(region.byRegion)) {
      lines.push({
        metric: `${name}, growth from the first third to the last`,
        value: bytes / 1e6,
        unit: 'MB',
        threshold: null,
        source: TIMELINE,
      });
    }
  }
  const cause = trend === null ? null : growthCause(evidence, trend.bytesPerMinute);
  if (cause !== null) {
    lines.push(...causeLines(cause, evidence.run.trackerCounters?.['peers'] ?? null));
  }
  const keeper =
    region?.most === 'off-heap buffers' ? bufferKeeper(evidence, lines) : heapKeeper(evidence, lines);
  const goesOn = trend?.continuous === true ? ' and was still growing when the load ended' : '';
  const which =
    region === null
      ? ''
      : `; ${percent(region.share)} of what grew in the clean phase is ${regionWords[region.most]}`;
  const by =
    cause === null || (trend?.continuous !== true && cause.by !== 'peers') ? '' : `; ${growthWords(cause)}`;
  return {
    rule: 'memory-growth',
    verdict: 'found',
    severity: status.tier === 'Critical' ? 'critical' : 'warning',
    confidence: trend === null ? 'low' : trend.continuous && keeper.isSure ? 'high' : 'medium',
    share: region?.share ?? null,
    subject: keeper.subject,
    summary: `${grew}${goesOn}${which}${by}${keeper.told}.`,
    evidence: lines,
    advice: adviceFor('memory-growth', evidence, cause?.by === 'peers' ? 'peers' : (region?.most ?? null)),
  };
}

const TIMELINE = 'timeline.ndjson, clean phase';

const regionWords: Readonly<Record<MemoryRegion, string>> = {
  'V8 heap': "objects on V8's heap",
  'off-heap buffers': 'buffers outside of the heap',
  'native memory': 'native memory, of which the runtime has no account',
};

/**
 * Whether what the collector has to do comes of what is kept: it pays for what survives, and of memory that its heap knows
 * and that grows to the end of the load, that is what is kept.
 */
export function isGrowingHeap(evidence: Evidence): boolean {
  const region = regionGrowth(evidence);
  return region !== null && region.most !== 'native memory' && memoryTrend(evidence)?.continuous === true;
}

/** Functions that may be inlined and are told. */
const TOLD_CALLEES = 3;

interface KeeperWords {
  readonly subject: Subject | null;
  readonly told: string;
  readonly isSure: boolean;
}

function heapKeeper(evidence: Evidence, lines: EvidenceLine[]): KeeperWords {
  const keeper = topKeeper(evidence);
  if (keeper === null) return { subject: null, told: '', isSure: false };
  const { subject, bytes, share, isGrowth, source } = keeper;
  lines.push({
    metric: `${isGrowth ? 'came to be kept' : 'kept'}, allocated by ${subject.function}`,
    value: bytes / 1e6,
    unit: 'MB',
    threshold: null,
    source,
  });
  const what = isGrowth ? 'what came to be kept' : 'what is kept';
  const { callees, keeper: inlined } = inlinedKeeper(evidence, subject);
  if (inlined !== null) {
    lines.push({
      metric: `kept by ${inlined.subject.function} before V8 inlined it into ${subject.function}`,
      value: inlined.bytes / 1e6,
      unit: 'MB',
      threshold: null,
      source: inlined.source,
    });
    return {
      subject: inlined.subject,
      told: `; ${nameSubject(inlined.subject)} allocated most of it by what was kept before V8 inlined it: ${nameSubject(subject)}, into which it is inlined, stands for ${percent(share)} of ${what}`,
      isSure: false,
    };
  }
  const named = callees.slice(0, TOLD_CALLEES);
  const orInlined =
    named.length === 0 ? '' : ` (itself or a function that V8 inlined into it: ${named.join(', ')})`;
  return {
    subject,
    told: `; ${nameSubject(subject)}${orInlined} allocated ${percent(share)} of ${what}`,
    isSure: isGrowth && named.length === 0,
  };
}

/**
 * By buffers that are seen to be kept. Where V8 inlines the making of one, its object on the heap stands under the function that asked
 * for it: who keeps most on the heap and makes buffers at all keeps those. Failing that, by all that were made.
 */
function bufferKeeper(evidence: Evidence, lines: EvidenceLine[]): KeeperWords {
  const maker = topBufferMaker(evidence);
  if (maker?.isKept !== true) {
    const onHeap: EvidenceLine[] = [];
    const keeper = heapKeeper(evidence, onHeap);
    if (keeper.subject !== null && keepsBuffers(evidence, keeper.subject)) {
      lines.push(...onHeap);
      return { ...keeper, told: `${keeper.told}, the objects of its buffers among it`, isSure: false };
    }
  }
  if (maker === null) return { subject: null, told: '', isSure: false };
  const { subject, share, isKept, source } = maker;
  lines.push({
    metric: `buffers made by ${subject.function}, share of all that ${isKept ? 'are kept' : 'were made'}`,
    value: share * 100,
    unit: '%',
    threshold: null,
    source,
  });
  const which = isKept
    ? 'makes %s of the buffers that are kept, by their objects on the heap'
    : 'makes %s of the buffers (which of them are kept, the profiles do not tell)';
  return { subject, told: `; ${nameSubject(subject)} ${which.replace('%s', percent(share))}`, isSure: false };
}

/** @param counted - peers that the tracker itself counted when the load ended; null where it does not tell */
function causeLines(cause: GrowthCause, counted: number | null): EvidenceLine[] {
  const lines: EvidenceLine[] = [];
  const add = (
    metric: string,
    value: number | null,
    unit: string,
    source: string,
    threshold: number | null = null,
  ): void => {
    if (value !== null) lines.push({ metric, value, unit, threshold, source });
  };
  const both = 'timeline.ndjson and run.json, clean phase';
  add('RSS growth per request', cause.bytesPerRequest, 'bytes', both);
  add('peers that the load can have', cause.mostPeers, 'peers', 'run.json');
  add('peers that the tracker counted at the end', counted, 'peers', 'run.json');
  add('announces before the clean phase', cause.announcesBefore, 'requests', 'run.json');
  add('peers that came in the clean phase, by the plan of the load', cause.newPeers, 'peers', 'run.json');
  const { paces } = cause;
  if (paces === null) return lines;
  add(
    'pace of new peers, last third over first',
    paces.peers,
    'times',
    both,
    TELLING_PACE_RATIO * paces.requests,
  );
  add('pace of the requests, last third over first', paces.requests, 'times', both);
  add('pace of RSS, last third over first', paces.memory, 'times', TIMELINE);
  return lines;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function runtimeLines(evidence: Evidence): EvidenceLine[] {
  const memory = runtimeMemory(evidence);
  if (memory === null) return [];
  const growth = (metric: string, first: number, last: number): EvidenceLine => ({
    metric,
    value: (last - first) / 1e6,
    unit: 'MB',
    threshold: null,
    source: TIMELINE,
  });
  return [
    growth('heap used, last over first', memory.heapUsedBytesFirst, memory.heapUsedBytesLast),
    growth('external memory, last over first', memory.externalBytesFirst, memory.externalBytesLast),
    growth('array buffers, last over first', memory.arrayBuffersBytesFirst, memory.arrayBuffersBytesLast),
  ];
}
