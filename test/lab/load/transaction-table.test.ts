import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stray, TransactionTable } from '../../../src/lab/load/transaction-table.ts';

const SMALL = 8;

describe('one request', () => {
  test('is given back whole by its reply, and later replies are duplicates', () => {
    const table = new TransactionTable(100, SMALL);
    const id = table.add(7, 1, 2, 50);
    table.stampSent(id, 60);
    const slot = table.take(id);
    expect([table.worker[slot], table.operation[slot], table.phase[slot]]).toEqual([7, 1, 2]);
    expect([table.dueNs[slot], table.sentNs[slot]]).toEqual([50, 60]);
    expect(table.take(id)).toBe(Stray.duplicate);
    expect(table.take(id)).toBe(Stray.duplicate);
    expect(table.pending).toBe(0);
  });

  test('that timed out makes every reply to it late', () => {
    const table = new TransactionTable(100, SMALL);
    const id = table.add(7, 1, 2, 50);
    expect(table.nextExpired(49)).toBe(-1);
    const slot = table.nextExpired(50);
    expect(table.worker[slot]).toBe(7);
    expect(table.nextExpired(1e12)).toBe(-1);
    expect(table.take(id)).toBe(Stray.late);
    expect(table.take(id)).toBe(Stray.late);
  });

  test('is not found by an id that was never used, though it shares the slot', () => {
    const table = new TransactionTable(100, SMALL);
    expect(table.take(100)).toBe(Stray.unknown);
    const id = table.add(7, 1, 2, 50);
    expect(table.take(id + SMALL)).toBe(Stray.unknown);
    expect(table.take(id ^ 0x80000000)).toBe(Stray.unknown);
    expect(table.take(0)).toBe(Stray.unknown);
    expect(table.pending).toBe(1);
  });
});

test('ids wrap around at 2^32', () => {
  const table = new TransactionTable(0xffffffff, SMALL);
  const ids = [table.add(0, 0, 0, 1), table.add(1, 0, 0, 2), table.add(2, 0, 0, 3)];
  expect(ids).toEqual([-1, 0, 1]);
  table.stampSent(ids[1] as number, 9);
  expect(ids.map((id) => table.sentNs[table.slotOf(id)])).toEqual([1, 9, 9]);
  expect(ids.map((id) => table.worker[table.take(id)])).toEqual([0, 1, 2]);
});

test('a request that stays pending while very many others come and go is not lost', () => {
  const table = new TransactionTable(5, SMALL);
  const first = table.add(77, 2, 1, 0);
  for (let index = 0; index < 10_000; index++) table.take(table.add(1, 1, 1, 1));
  expect(table.pending).toBe(1);
  expect(table.worker[table.take(first)]).toBe(77);
});

test('a request that just timed out stays known for as many requests again', () => {
  const table = new TransactionTable(5, SMALL);
  const first = table.add(77, 2, 1, 0);
  for (let index = 0; index < 10_000; index++) table.take(table.add(1, 1, 1, 1));
  expect(table.worker[table.nextExpired(0)]).toBe(77);
  for (let index = 0; index < 5_000; index++) table.take(table.add(1, 1, 1, 1));
  expect(table.take(first)).toBe(Stray.late);
});

test('memory does not grow where replies come promptly', () => {
  const table = new TransactionTable(5, SMALL);
  for (let index = 0; index < 100_000; index++) table.take(table.add(1, 1, 1, index));
  expect(table.worker.length).toBe(SMALL);
});

/** What may happen to requests; `pick` chooses one of those so far. */
const event = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'send' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('reply' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), waitNs: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stranger' as const), id: fc.nat(0xffff) }) },
);

test('every request has one outcome, whatever the order of replies, duplicates, losses and time-outs', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), fc.nat(0xffffffff), (events, firstId) => {
      const table = new TransactionTable(firstId, SMALL);
      const outcomes = new Map<number, 'pending' | 'answered' | 'timedOut'>();
      const ids: number[] = [];
      const timeoutNs = 150;
      let nowNs = 0;
      const expire = (limitNs: number): void => {
        for (let slot = table.nextExpired(limitNs); slot >= 0; slot = table.nextExpired(limitNs)) {
          const request = table.worker[slot] as number;
          expect(outcomes.get(request)).toBe('pending');
          expect(table.sentNs[slot]).toBeLessThanOrEqual(limitNs);
          outcomes.set(request, 'timedOut');
        }
      };
      for (const step of events) {
        nowNs += 10;
        if (step.kind === 'send') {
          const id = table.add(ids.length, 1, 0, nowNs - 5);
          table.stampSent(id, nowNs);
          outcomes.set(ids.length, 'pending');
          ids.push(id);
        } else if (step.kind === 'expire') {
          nowNs += step.waitNs;
          expire(nowNs - timeoutNs);
        } else if (step.kind === 'stranger') {
          const id = (firstId + 1_000_000 + step.id) >>> 0;
          expect(table.take(id)).toBe(Stray.unknown);
        } else if (ids.length > 0) {
          const request = step.pick % ids.length;
          const before = outcomes.get(request);
          const answer = table.take(ids[request] as number);
          if (before === 'pending') {
            expect(table.worker[answer]).toBe(request);
            outcomes.set(request, 'answered');
          } else {
            const stray = before === 'timedOut' ? Stray.late : Stray.duplicate;
            // The past is remembered for a while only; what is pending always.
            expect([stray, Stray.unknown]).toContain(answer);
          }
        }
        expect(table.pending).toBe([...outcomes.values()].filter((outcome) => outcome === 'pending').length);
      }
      expire(Number.POSITIVE_INFINITY);
      expect(table.pending).toBe(0);
      expect([...outcomes.values()]).not.toContain('pending');
    }),
    { numRuns: 200 },
  );
});
