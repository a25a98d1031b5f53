import { performance } from 'node:perf_hooks';
import type { RuntimeReading } from './capture-types.ts';

/** How often the loop is probed. A stall shorter than this may fall between two probes. */
const PROBE_INTERVAL_MS = 10;
const NANOS_PER_MS = 1e6;

type LoopDelay = Pick<RuntimeReading, 'eventLoopDelayNsP50' | 'eventLoopDelayNsP99' | 'eventLoopDelayNsMax'>;

/**
 * How late a timer fires beyond its due time. `perf_hooks.monitorEventLoopDelay` is not used: it includes its own
 * interval, and after each reset it forgets the first gap, so a stall right after a reading would be lost.
 */
export class LoopDelayProbe {
  #delaysMs: number[] = [];
  #lastMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#probe(), PROBE_INTERVAL_MS).unref();
  }

  /** The delays since the reading before; the gap that is still open counts as far as it is late. */
  read(): LoopDelay {
    const openMs = performance.now() - this.#lastMs - PROBE_INTERVAL_MS;
    const delaysMs = openMs > 0 || this.#delaysMs.length === 0 ? [...this.#delaysMs, openMs] : this.#delaysMs;
    this.#delaysMs = [];
    return summarizeDelays(delaysMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #probe(): void {
    const nowMs = performance.now();
    this.#delaysMs.push(nowMs - this.#lastMs - PROBE_INTERVAL_MS);
    this.#lastMs = nowMs;
  }
}

/**
 * Nearest-rank percentiles of delays in milliseconds; negative ones (a timer that caught up) count as 0.
 *
 * @param delaysMs - at least one
 */
export function summarizeDelays(delaysMs: readonly number[]): LoopDelay {
  const sorted = delaysMs
    .map((delayMs) => Math.round(Math.max(delayMs, 0) * NANOS_PER_MS))
    .sort((a, b) => a - b);
  const rank = (percent: number) => sorted[Math.max(Math.ceil((percent / 100) * sorted.length) - 1, 0)] ?? 0;
  return { eventLoopDelayNsP50: rank(50), eventLoopDelayNsP99: rank(99), eventLoopDelayNsMax: rank(100) };
}
