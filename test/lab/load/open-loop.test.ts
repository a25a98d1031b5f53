import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addHistograms } from '../../../src/lab/load/latency-histogram.ts';
import { forkResponder, onlyPhase, start, totals } from './load-harness.ts';

test('in open loop a tracker that stands still for a second shows in the percentiles in full', async () => {
  const { child, port } = await forkResponder();
  const { pool } = await start(port, { ratePerSecond: 200, timeoutMs: 5_000, durationMs: 10_000 });
  pool.beginPhase('clean');
  await delay(4_000);
  child.kill('SIGSTOP');
  await delay(1_000);
  child.kill('SIGCONT');
  await delay(5_000);
  const result = await pool.stop();
  const { sent, succeeded } = totals(onlyPhase(result));
  expect(sent).toBeGreaterThan(1_960);
  expect(sent).toBeLessThan(2_040);
  expect(succeeded).toBe(sent);
  const responses = result.histograms.filter(({ clock }) => clock === 'response');
  const response = addHistograms(responses.map(({ encoded }) => encoded));
  expect(response.totalCount).toBe(sent);
  expect(response.getValueAtPercentile(95) / 1e6).toBeGreaterThan(475);
  expect(response.getValueAtPercentile(95) / 1e6).toBeLessThan(525);
  expect(response.getValueAtPercentile(99) / 1e6).toBeGreaterThan(855);
  expect(response.getValueAtPercentile(99) / 1e6).toBeLessThan(945);
});
