import { monotonicNs } from '../load/monotonic-clock.ts';
import { type ClockOffset, type ClockSample, clockOffset } from './clock-offset.ts';

/** Questions of one measurement; the one with the shortest round trip counts. */
const SAMPLES = 24;

/** Microseconds by the monotonic clock of this process. */
export function monotonicUs(): number {
  return monotonicNs() / 1000;
}

/** Asks Redis for its time and tells where its clock stands beside the clocks of this process. */
export async function measureRedisClock(client: { time(): Promise<unknown> }): Promise<ClockOffset> {
  const samples: ClockSample[] = [];
  for (let asked = 0; asked < SAMPLES; asked++) {
    const askedUs = monotonicUs();
    const [seconds, micros] = (await client.time()) as [number | string, number | string];
    const answeredUs = monotonicUs();
    const wallUs = (performance.timeOrigin + performance.now()) * 1000;
    samples.push({ askedUs, answeredUs, redisUs: Number(seconds) * 1e6 + Number(micros), wallUs });
  }
  return clockOffset(samples);
}
