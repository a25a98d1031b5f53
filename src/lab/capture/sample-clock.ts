import { SLICE_LABEL, sliceAt } from '../../time-slices.ts';
import type { SampleWindow } from './capture-types.ts';

/** What @datadog/pprof tells of a sample to learn its labels. */
interface LabelledSample {
  readonly node: { readonly name?: string };
  readonly context?: { readonly timestamp: bigint };
}

/** `Date` moves on once a millisecond; longer than this it is not waited for. */
const MOST_WAIT_MS = 3;
/** Of all samples that may lie outside of the profile's own time before its times are not believed. */
const MOST_OUTSIDE_SHARE = 0.01;
const NANOS_PER_MS = 1e6;

/**
 * Turns the times of @datadog/pprof's samples into slices of the monotonic clock.
 *
 * It gives each sample the wall clock in microseconds: V8's monotonic time plus the difference of the two clocks, which it
 * takes once, when the profiler starts. The same difference is taken here at the same moment, so a wall clock that is moved
 * later changes nothing. Measured on Node 20 and 24 in functions of known times: within 1 ms.
 */
export class SampleClock {
  readonly #startNs = monotonicNs();
  readonly #wallAheadNs = wallAheadNs();
  #samples = 0;
  #outside = 0;

  /** To be called when the samples are read; answers their labels. */
  labels(): { readonly endNs: number; readonly label: (sample: LabelledSample) => Record<string, number> } {
    const endNs = monotonicNs();
    return {
      endNs,
      label: ({ node, context }) => {
        // Idle time is no cost; what other threads did has no time.
        if (context === undefined || Number(context.timestamp) === 0 || node.name === '(idle)') return {};
        const atNs = Number(context.timestamp) * 1000 - this.#wallAheadNs;
        this.#samples++;
        if (atNs < this.#startNs - NANOS_PER_MS || atNs > endNs + NANOS_PER_MS) {
          this.#outside++;
          return {};
        }
        return { [SLICE_LABEL]: sliceAt(atNs) };
      },
    };
  }

  /** When the samples were taken; null where their times cannot be those of this clock. */
  window(endNs: number): SampleWindow | null {
    if (this.#outside > this.#samples * MOST_OUTSIDE_SHARE) return null;
    return { startNs: this.#startNs, endNs };
  }
}

function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** By how much the wall clock is ahead, to some microseconds: read at the moment in which it moves on. */
function wallAheadNs(): number {
  const before = Date.now();
  const untilNs = monotonicNs() + MOST_WAIT_MS * NANOS_PER_MS;
  for (;;) {
    const oneNs = monotonicNs();
    const wallMs = Date.now();
    const twoNs = monotonicNs();
    if (wallMs !== before || twoNs > untilNs) return wallMs * NANOS_PER_MS - (oneNs + twoNs) / 2;
  }
}
