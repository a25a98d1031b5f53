import type { Share } from '../../units.ts';
import { busySampleCount } from '../cost-shares.ts';
import type { LoadedProfile } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { shareInterval } from '../share-interval.ts';
import { LEAST_PROFILE_SAMPLES } from '../thresholds.ts';

/** How surely a share of a profile is past its limit. */
export interface ShareConfidence {
  readonly confidence: Finding['confidence'];
  /** The samples and the interval; none where the profile does not count them. */
  readonly lines: readonly EvidenceLine[];
}

/**
 * By the 95 % interval of the share: `high` where all of it is past the limit, `medium` where its lower end is past half of
 * it, `low` else. `medium` where the profile does not count its samples.
 *
 * @param share - of all busy samples of the profile
 * @param limit - the share from which the rule speaks
 */
export function shareConfidence(
  { profile, record }: LoadedProfile,
  share: Share,
  limit: Share,
): ShareConfidence {
  const samples = busySampleCount(profile);
  if (samples === null) return { confidence: 'medium', lines: [] };
  const { low, high } = shareInterval(Math.min(1, Math.max(0, share)), samples);
  const confidence = low >= limit ? 'high' : low >= limit / 2 ? 'medium' : 'low';
  const line = (metric: string, value: number, unit: string, threshold: number | null): EvidenceLine => ({
    metric,
    value,
    unit,
    threshold,
    source: record.file,
  });
  return {
    confidence,
    lines: [
      line('samples of the program at work', samples, 'samples', LEAST_PROFILE_SAMPLES),
      line('that share with 95 % confidence, least', low * 100, '%', null),
      line('that share with 95 % confidence, most', high * 100, '%', null),
    ],
  };
}

/**
 * The samples of a profile where they are too few to tell a share by: a rule then neither finds nor clears by it. Null where they
 * are enough, and where the profile does not count them.
 */
export function tooFewSamples({ profile }: LoadedProfile): number | null {
  const samples = busySampleCount(profile);
  return samples !== null && samples < LEAST_PROFILE_SAMPLES ? samples : null;
}

/** Why a rule that goes by a CPU profile cannot tell, as a sentence. */
export function fewSamplesReason(samples: number): string {
  return `The CPU profile holds ${samples} samples of the program at work, and ${LEAST_PROFILE_SAMPLES} are needed to tell a share.`;
}

const order = { low: 0, medium: 1, high: 2 } as const;

/** The lesser of two confidences. */
export function lesser(a: Finding['confidence'], b: Finding['confidence']): Finding['confidence'] {
  return order[a] <= order[b] ? a : b;
}
