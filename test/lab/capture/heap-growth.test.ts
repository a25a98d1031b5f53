import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { describe, expect, it, vi } from 'vitest';
import { FrameLocator } from '../../../src/lab/capture/frame-locator.ts';
import { ThreadProfilers } from '../../../src/lab/capture/thread-profilers.ts';
import { packageRoot } from '../../../src/package-root.ts';

const INTERVAL_BYTES = 16 * 1024;
const locator = () => new FrameLocator({ program: packageRoot, agent: '/nowhere' });
const kept: number[][] = [];

function keepMuch(): void {
  for (let index = 0; index < 200; index++) kept.push(Array.from({ length: 2_000 }, () => index + 0.5));
}

function dropMuch(): number {
  let sum = 0;
  for (let index = 0; index < 200; index++) sum += Array.from({ length: 2_000 }, () => index + 0.5).length;
  return sum;
}

/** Bytes of the stacks through a function. */
function bytesThrough(encoded: Uint8Array, name: string): number {
  const profile = Profile.decode(encoded[0] === 0x1f ? gunzipSync(encoded) : encoded);
  const { strings } = profile.stringTable;
  const functions = new Map(profile.function.map((one) => [Number(one.id), strings[Number(one.name)] ?? '']));
  const locations = new Map(
    profile.location.map((one) => [Number(one.id), functions.get(Number(one.line[0]?.functionId)) ?? '']),
  );
  return profile.sample
    .filter((sample) => sample.locationId.some((id) => (locations.get(Number(id)) ?? '').includes(name)))
    .reduce((sum, sample) => sum + Number(sample.value[1]), 0);
}

describe('the growth of the live heap in a thread', () => {
  it('holds what was kept since it began, takes over from the allocations, and both are handed out', async () => {
    const profilers = new ThreadProfilers('main');
    const missing = profilers.start({
      allocations: { intervalBytes: INTERVAL_BYTES },
      heapGrowth: { intervalBytes: INTERVAL_BYTES, afterMs: 1 },
    });
    expect(missing).toEqual([]);
    await vi.waitFor(() => expect(profilers.runningKinds()).toEqual(['heap-growth']), { timeout: 5_000 });
    keepMuch();
    expect(dropMuch()).toBe(400_000);
    const stopped = await profilers.stop(locator());
    expect(stopped.missing).toEqual([]);
    expect(stopped.profiles.map(({ kind }) => kind)).toEqual(['allocations', 'heap-growth']);
    const growth = stopped.profiles[1]?.bytes ?? new Uint8Array();
    expect(kept).toHaveLength(200);
    expect(bytesThrough(growth, 'keepMuch')).toBeGreaterThan(1e6);
    expect(bytesThrough(growth, 'dropMuch')).toBeLessThan(bytesThrough(growth, 'keepMuch') / 10);
  });

  it('is missing, with a reason, where the phase ends before it begins', async () => {
    const profilers = new ThreadProfilers('main');
    profilers.start({ heapGrowth: { intervalBytes: INTERVAL_BYTES, afterMs: 60_000 } });
    const { profiles, missing } = await profilers.stop(locator());
    expect(profiles).toEqual([]);
    expect(missing).toEqual([{ kind: 'heap-growth', reason: 'main: the phase ended before it began' }]);
  });
});
