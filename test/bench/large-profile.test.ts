import { describe, expect, it } from 'vitest';
import { largeProfile } from '../../bench/parts/large-profile.ts';
import { decodeProfile } from '../../src/analyze/profile/decode-profile.ts';
import { topTable } from '../../src/analyze/profile/top-table.ts';

describe('the large profile', () => {
  it('is a pprof file that the decoder reads', () => {
    const decoded = decodeProfile(largeProfile(500, 1), { fileName: 'large' });
    expect(decoded.ok).toBe(true);
    if (!decoded.ok) return;
    const { profile } = decoded;
    expect(profile.sampleCount).toBe(500);
    expect(profile.valueTypes.map(({ type, unit }) => `${type}/${unit}`)).toEqual([
      'samples/count',
      'cpu/nanoseconds',
    ]);
    expect(topTable(profile).rows).toHaveLength(10);
  });

  it('is the same for the same seed', () => {
    expect(largeProfile(200, 3)).toEqual(largeProfile(200, 3));
    expect(largeProfile(200, 4)).not.toEqual(largeProfile(200, 3));
  });
});
