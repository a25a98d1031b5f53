/** How well a share of a sampled profile is known. Pure. */
import type { Share } from '../units.ts';

/** Standard normal quantile of a two-sided interval of 95 %. */
const Z = 1.96;

/**
 * The Wilson interval of a share of some samples, 95 %.
 *
 * @param share - 0 to 1
 * @param samples - how many the profile has; 0 gives the whole range
 * @see Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927
 */
export function shareInterval(share: Share, samples: number): { readonly low: Share; readonly high: Share } {
  if (samples <= 0) return { low: 0, high: 1 };
  const spread = (Z * Z) / samples;
  const middle = share + spread / 2;
  const half = Z * Math.sqrt((share * (1 - share)) / samples + spread / (4 * samples));
  return {
    low: Math.max(0, (middle - half) / (1 + spread)),
    high: Math.min(1, (middle + half) / (1 + spread)),
  };
}
