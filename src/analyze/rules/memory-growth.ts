import { chargedFunctions, valueIndexOf } from '../cost-shares.ts';
import { type Evidence, profileOf } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { memoryTrend, rssFigures, runtimeMemory } from '../memory-series.ts';
import { statusOf } from '../status.ts';
import { MEMORY_CONCERN_BYTES, memoryTiers, worryLimits } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject } from './rule.ts';

/** Does the tracker's memory grow past the template's limits, or keep growing through the clean phase? */
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
    const source = 'timeline.ndjson, clean phase';
    lines.push(
      {
        metric: 'RSS, growth per minute',
        value: trend.bytesPerMinute / 1e6,
        unit: 'MB/min',
        threshold,
        source,
      },
      {
        metric: 'RSS, growth per minute in the last third',
        value: trend.lastThirdBytesPerMinute / 1e6,
        unit: 'MB/min',
        threshold,
        source,
      },
    );
  }
  lines.push(...runtimeLines(evidence));
  const grew = `RSS grew by ${(rss.growthBytes / 1e6).toFixed(1)} MB to ${(rss.peakBytes / 1e6).toFixed(1)} MB`;
  if (status.tier !== 'Concern' && status.tier !== 'Critical') {
    if (trend === null) {
      return insufficientData(
        'memory-growth',
        `${grew}; the clean phase is too short to tell a trend.`,
        lines,
      );
    }
    const rate = `${(trend.bytesPerMinute / 1e6).toFixed(1)} MB a minute in the clean phase`;
    return clear('memory-growth', `${grew}, ${rate}.`, lines);
  }
  const heap = profileOf(evidence, 'live-heap');
  const keeper =
    heap === null ? undefined : chargedFunctions(heap.profile, valueIndexOf(heap.profile, 'inuse_space'))[0];
  const kept = keeper === undefined ? '' : `; ${nameSubject(keeper.subject)} allocated most of what is kept`;
  const goesOn = trend?.continuous === true ? ' and was still growing when the load ended' : '';
  return {
    rule: 'memory-growth',
    verdict: 'found',
    severity: status.tier === 'Critical' ? 'critical' : 'warning',
    confidence: trend === null ? 'low' : 'medium',
    share: null,
    subject: keeper?.subject ?? null,
    summary: `${grew}${goesOn}${kept}.`,
    evidence: lines,
    advice: adviceFor('memory-growth', evidence),
  };
}

function runtimeLines(evidence: Evidence): EvidenceLine[] {
  const memory = runtimeMemory(evidence);
  if (memory === null) return [];
  const growth = (metric: string, first: number, last: number): EvidenceLine => ({
    metric,
    value: (last - first) / 1e6,
    unit: 'MB',
    threshold: null,
    source: 'timeline.ndjson, clean phase',
  });
  return [
    growth('heap used, last over first', memory.heapUsedBytesFirst, memory.heapUsedBytesLast),
    growth('array buffers, last over first', memory.arrayBuffersBytesFirst, memory.arrayBuffersBytesLast),
  ];
}
