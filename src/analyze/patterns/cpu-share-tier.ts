import type { Evidence } from '../evidence.ts';
import type { EvidenceLine } from '../finding.ts';
import { littlesLaw } from '../littles-law.ts';
import { scalingCpuShare } from '../thresholds.ts';
import { usedCapacity } from '../used-capacity.ts';
import { cannotTell, type PatternAnswer } from './pattern.ts';

/** Is the tracker past the share of its CPU from which latency rises steeply? */
export function cpuShareTier(evidence: Evidence): PatternAnswer {
  const share = usedCapacity(evidence);
  if (share === null) return cannotTell("the tracker's CPU was not sampled in the clean phase");
  const { flatUntil, risesFrom, soarsFrom } = scalingCpuShare;
  const lines: EvidenceLine[] = [
    {
      metric: 'CPU of what its threads can use',
      value: share * 100,
      unit: '%',
      threshold: soarsFrom * 100,
      source: 'timeline.ndjson, clean phase',
    },
  ];
  const used = `${(share * 100).toFixed(1)} % is used`;
  if (share < soarsFrom) {
    const expected =
      share < flatUntil
        ? 'latency should not depend on the load yet'
        : share < risesFrom
          ? 'latency may begin to rise with the load'
          : 'latency rises with the load';
    return { verdict: 'clear', told: `${used}: ${expected}`, evidence: lines };
  }
  const told =
    littlesLaw(evidence)?.isQueue === true
      ? 'a closed loop drives a tracker so far by itself, and the latency is the queue of its workers'
      : 'a little more load makes latency much longer';
  return { verdict: 'found', told: `${used}: ${told}`, evidence: lines };
}
