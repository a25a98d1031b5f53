import { describe, expect, it } from 'vitest';
import { loads, quantitiesOf, type Round, tableOf } from '../../bench/capacity.ts';
import { simulateSteady } from '../../src/analyze/capacity/simulate-load.ts';

const overload = loads[1];
const busy = loads[2];
const measured = { answeredPerSecond: 99_000, lostShare: 0.24, cpuShare: 0.9, latencyNsP50: 8e6 };

/** A core that serves 100,000 requests a second from a buffer of a thousand. */
function modelAt(multiple: number) {
  const serviceNs = 10_000;
  const ratePerSecond = multiple * 100_000;
  const load = {
    ratePerSecond,
    serviceNs,
    servers: 1,
    bufferDatagrams: 1000,
    seed: 1,
    mostRequests: 200_000,
  };
  return { serviceNs, model: simulateSteady(load) };
}

describe('the check of the capacity model', () => {
  it('asks for rate, loss and wait where the model loses, else for CPU and latency', () => {
    const [rate, lost, latency] = quantitiesOf(modelAt(1.3), measured);
    expect(rate?.model).toBeCloseTo(100, 0);
    expect(lost?.model).toBeCloseTo(23, 0);
    // A buffer from three quarters full on, at 10 µs each.
    expect(latency?.model).toBeGreaterThan(7.5);
    expect(latency?.model).toBeLessThan(8.2);
    expect(quantitiesOf(modelAt(0.8), measured).map(({ name }) => name)).toEqual(['CPU', 'latency P50']);
  });

  it('tells the worst round, and whether it is within the tolerance', () => {
    const round = (quantity: Partial<Round['quantities'][number]>, load: Round['load'] = overload): Round => {
      return {
        load,
        serviceNs: 1,
        wakeNs: 0,
        quantities: [{ name: 'lost', unit: '%', model: 23, measured: 23, ...quantity }],
      };
    };
    const rowOf = (rounds: readonly Round[]): string[] =>
      (tableOf(rounds).split('\n')[2] ?? '').split('|').map((cell) => cell.trim());
    expect(rowOf([round({}), round({ measured: 25 })]).slice(1, -1)).toEqual([
      'dgram, 1.3×',
      'lost (%)',
      '23.0 (23.0–23.0)',
      '24.0 (23.0–25.0)',
      '-8.00 %',
      'yes',
    ]);
    expect(rowOf([round({ measured: 19 })]).slice(-3, -1)).toEqual(['+21.1 %', '**no**']);
    expect(rowOf([round({ measured: null }, busy)]).slice(-3, -1)).toEqual(['not measured', '-']);
  });
});
