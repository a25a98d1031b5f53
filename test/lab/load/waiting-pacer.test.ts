import { afterEach, expect, it, vi } from 'vitest';
import { monotonicNs } from '../../../src/lab/load/monotonic-clock.ts';
import { WaitingPacer } from '../../../src/lab/load/waiting-pacer.ts';
import type { SocketWait } from '../../../src/wire/socket-wait.ts';

const pacers: WaitingPacer[] = [];
afterEach(() => {
  for (const pacer of pacers.splice(0)) pacer.stop();
});

interface Paced {
  readonly waitsNs: number[];
  readonly calledNs: number[];
  readonly pointsNs: number[];
}

/** Paces `points` points, `stepNs` apart; its wait only notes for how long it was asked. */
function pace(stepNs: number, points: number): Paced {
  const waitsNs: number[] = [];
  const calledNs: number[] = [];
  const pointsNs = Array.from({ length: points }, (_, point) => monotonicNs() + (point + 1) * stepNs);
  const pacer = new WaitingPacer({
    wait: { wait: (ns: number) => waitsNs.push(ns) } as unknown as SocketWait,
    nextNs: () => pointsNs[calledNs.length] ?? Infinity,
    onDue: () => {
      calledNs.push(monotonicNs());
      if (calledNs.length === points) pacer.stop();
    },
  });
  pacers.push(pacer);
  return { waitsNs, calledNs, pointsNs };
}

it('calls at every point, never before it, and lets the event loop stand still for a millisecond at most', async () => {
  const { waitsNs, calledNs, pointsNs } = pace(2_500_000, 8);
  await vi.waitUntil(() => calledNs.length === 8);
  expect(calledNs.filter((ns, index) => ns < (pointsNs[index] as number))).toEqual([]);
  expect(waitsNs.length).toBeGreaterThan(8);
  expect(Math.max(...waitsNs)).toBeLessThanOrEqual(1e6);
});

it('leaves what is far away to a timer', async () => {
  const { waitsNs, calledNs, pointsNs } = pace(50_000_000, 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(waitsNs).toEqual([]);
  await vi.waitUntil(() => calledNs.length === 2);
  expect(calledNs[0]).toBeGreaterThanOrEqual(pointsNs[0] as number);
});

it('calls no more once it was stopped', async () => {
  const { calledNs } = pace(1_000_000, 1);
  await vi.waitUntil(() => calledNs.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(calledNs.length).toBe(1);
});
