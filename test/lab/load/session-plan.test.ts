import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planSession } from '../../../src/lab/load/session-plan.ts';

function countActions(actions: Uint8Array): number[] {
  return [0, 1, 2].map((action) => actions.filter((one) => one === action).length);
}

test('the default mix is one connect, 50 announces and 10 scrapes, the connect first', () => {
  const plan = planSession({ connect: 1, announce: 50, scrape: 10 }, 5);
  expect(plan.steps).toBe(61);
  expect(plan.action[0]).toBe(0);
  expect(countActions(plan.action)).toEqual([1, 50, 10]);
});

test('scrapes stand evenly between the announces', () => {
  const plan = planSession({ connect: 1, announce: 50, scrape: 10 }, 5);
  const places = [...plan.action.keys()].filter((step) => plan.action[step] === 2);
  for (let index = 1; index < places.length; index++) {
    expect((places[index] as number) - (places[index - 1] as number)).toBe(6);
  }
});

test('each hash is announced in turn and its last announce is marked', () => {
  const plan = planSession({ connect: 0, announce: 6, scrape: 0 }, 2);
  expect([...plan.hash]).toEqual([0, 1, 0, 1, 0, 1]);
  expect([...plan.visit]).toEqual([0, 0, 1, 1, 2, 2]);
  expect([...plan.lastVisit]).toEqual([0, 0, 0, 0, 1, 1]);
});

test('a mix of few announces is repeated until every hash was announced three times', () => {
  const plan = planSession({ connect: 1, announce: 1, scrape: 1 }, 5);
  expect(countActions(plan.action)).toEqual([15, 15, 15]);
});

test('any mix is kept exactly, and each hash has one last announce', () => {
  const mix = fc.record({
    connect: fc.integer({ min: 0, max: 9 }),
    announce: fc.integer({ min: 1, max: 60 }),
    scrape: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(mix, fc.integer({ min: 1, max: 12 }), (given, hashes) => {
      const plan = planSession(given, hashes);
      const rounds = plan.steps / (given.connect + given.announce + given.scrape);
      expect(countActions(plan.action)).toEqual([
        rounds * given.connect,
        rounds * given.announce,
        rounds * given.scrape,
      ]);
      const lastHashes = [...plan.hash].filter((_, step) => plan.lastVisit[step] === 1);
      expect(lastHashes.sort((one, two) => one - two)).toEqual([...Array(hashes).keys()]);
    }),
    { numRuns: 200 },
  );
});
