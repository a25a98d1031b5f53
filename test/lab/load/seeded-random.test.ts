import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/lab/load/seeded-random.ts';

function draw(seed: number, stream: number, count: number): number[] {
  const random = new SeededRandom(seed, stream);
  return Array.from({ length: count }, () => random.nextUint32());
}

test('equal seed and stream give equal numbers', () => {
  expect(draw(7, 3, 100)).toEqual(draw(7, 3, 100));
});

test('another seed, another upper half of a seed and another stream give other numbers', () => {
  const first = draw(7, 3, 4);
  expect(draw(8, 3, 4)).not.toEqual(first);
  expect(draw(7 + 2 ** 32, 3, 4)).not.toEqual(first);
  expect(draw(7, 4, 4)).not.toEqual(first);
});

test('draws below a bound fill every place about equally', () => {
  const random = new SeededRandom(1, 1);
  const counts = new Array<number>(10).fill(0);
  for (let index = 0; index < 10_000; index++) {
    const place = random.nextBelow(10);
    counts[place] = (counts[place] as number) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1_150);
});
