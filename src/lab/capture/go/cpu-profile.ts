import { setTimeout as delay } from 'node:timers/promises';
import type { Milliseconds } from '../../../units.ts';
import { type Fetched, fetchBytes } from './fetch-bytes.ts';

/** fetch gives up on an answer whose head does not come within 300 s, and Go sends it with the profile's end. */
const MOST_SECONDS = 270;
/** An endpoint that refuses does so at once; Go's profiler is on within this. */
const REFUSAL_WAIT_MS = 200;
/** Go looks for samples every 100 ms, then resolves the names of a whole profile. */
const WRITING_MS = 3000;

/** One CPU profile that Go takes for a fixed time. */
export interface CpuProfile {
  readonly seconds: number;
  /** Why the profiler is not on; null where nothing speaks against it. */
  readonly refused: string | null;
  /** Waits for the end of the fixed time where it is nearer than `mostWaitMs`, else ends the profile without a result. */
  take(mostWaitMs: Milliseconds): Promise<Fetched>;
}

/**
 * Starts `profile?seconds=N`: N is the planned time in whole seconds, at least 1 and at most 270.
 *
 * Resolves as soon as the endpoint refuses, else after 200 ms: Go says nothing before the profile's end.
 */
export async function startCpuProfile(base: string, durationMs: Milliseconds): Promise<CpuProfile> {
  const seconds = Math.min(MOST_SECONDS, Math.max(1, Math.floor(durationMs / 1000)));
  const abort = new AbortController();
  const endsAtMs = performance.now() + seconds * 1000;
  const answer = fetchBytes(`${base}/profile?seconds=${seconds}`, {
    timeoutMs: seconds * 1000 + REFUSAL_WAIT_MS + WRITING_MS * 2,
    signal: abort.signal,
  });
  const early = await Promise.race([answer, after(REFUSAL_WAIT_MS)]);
  return {
    seconds,
    refused: early === null || early.ok ? null : early.reason,
    async take(mostWaitMs) {
      const remainingMs = endsAtMs - performance.now();
      const waitMs = remainingMs > mostWaitMs ? 0 : mostWaitMs;
      const taken = await Promise.race([answer, after(waitMs)]);
      if (taken !== null) return taken;
      abort.abort();
      const reason =
        remainingMs > mostWaitMs
          ? `the phase ended ${(remainingMs / 1000).toFixed(1)} s before the ${seconds} s for which the profile was ordered`
          : `the endpoint gave nothing within ${mostWaitMs} ms after the phase`;
      return { ok: false, reason };
    },
  };
}

function after(durationMs: Milliseconds): Promise<null> {
  return delay(durationMs, null, { ref: false });
}
