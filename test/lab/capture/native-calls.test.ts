import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { FrameLocator } from '../../../src/lab/capture/frame-locator.ts';
import { mergeProfiles } from '../../../src/lab/capture/merge-profiles.ts';
import { ThreadProfilers } from '../../../src/lab/capture/thread-profilers.ts';

function loadKoffi(): typeof import('koffi') | null {
  try {
    return createRequire(import.meta.url)('koffi') as typeof import('koffi');
  } catch {
    return null;
  }
}

const koffi = loadKoffi();

describe.skipIf(koffi === null)(
  `calls into native addons${koffi === null ? ' (skipped: koffi does not load)' : ''}`,
  () => {
    it('stand in a CPU profile under one honest name, not under that of another function', async () => {
      const library = (koffi as typeof import('koffi')).load(null);
      const abs = library.func('int abs(int)');
      library.func('void *memmove(void *, void *, size_t)');
      const profilers = new ThreadProfilers('main');
      expect(profilers.start({ cpu: { intervalMicros: 500 } })).toEqual([]);
      for (let call = 0; call < 1_000_000; call++) abs(call);
      const { profiles } = await profilers.stop(new FrameLocator({ program: '/', agent: '/' }));
      const [cpu] = profiles;
      const { stringTable } = mergeProfiles([
        { thread: 'main', bytes: (cpu as { bytes: Uint8Array }).bytes },
      ]);
      expect(stringTable.strings).toContain('(native addon)');
      for (const wrong of ['memmove', 'abs', 'getppid']) expect(stringTable.strings).not.toContain(wrong);
    });
  },
);
