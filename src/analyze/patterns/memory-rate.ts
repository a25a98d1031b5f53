import type { Evidence } from '../evidence.ts';
import type { EvidenceLine } from '../finding.ts';
import { growthCause, growthWords } from '../memory-regions.ts';
import { memoryTrend, rssFigures } from '../memory-series.ts';
import { worryLimits } from '../thresholds.ts';
import { cannotTell, context, type PatternAnswer } from './pattern.ts';

/** Does memory grow past the limit a minute, and is that by the peers that came or by the requests that were answered? */
export function memoryRate(evidence: Evidence): PatternAnswer {
  const trend = memoryTrend(evidence);
  const rss = rssFigures(evidence);
  if (trend === null || rss === null) {
    return cannotTell('the clean phase is under 10 s, or the process was not sampled');
  }
  const source = 'timeline.ndjson, clean phase';
  const threshold = worryLimits.memoryBytesPerMinute / 1e6;
  const lines: EvidenceLine[] = [
    { metric: 'RSS growth', value: trend.bytesPerMinute / 1e6, unit: 'MB/min', threshold, source },
    {
      metric: 'RSS growth, last third',
      value: trend.lastThirdBytesPerMinute / 1e6,
      unit: 'MB/min',
      threshold,
      source,
    },
  ];
  const cause = growthCause(evidence, trend.bytesPerMinute);
  if (cause !== null) {
    // What a start takes is spread over so few peers else.
    if (trend.continuous && cause.mostPeers > 0) {
      lines.push(
        context(
          'RSS growth to its peak per possible peer',
          rss.growthBytes / cause.mostPeers,
          'bytes',
          'timeline.ndjson and run.json',
        ),
      );
    }
    lines.push(context('RSS growth per request', cause.bytesPerRequest, 'bytes', source));
  }
  const rate = `RSS grows by ${(trend.bytesPerMinute / 1e6).toFixed(1)} MB a minute`;
  if (trend.bytesPerMinute <= worryLimits.memoryBytesPerMinute) {
    return { verdict: 'clear', told: rate, evidence: lines };
  }
  if (!trend.continuous) {
    return {
      verdict: 'clear',
      told: `${rate} over the phase, and no longer in its last third${cause?.by === 'peers' ? `: ${growthWords(cause)}` : ''}`,
      evidence: lines,
    };
  }
  const by = cause === null ? 'what by cannot be told: nothing was answered' : growthWords(cause);
  return { verdict: 'found', told: `${rate} to the end; ${by}`, evidence: lines };
}
