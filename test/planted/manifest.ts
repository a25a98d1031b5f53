/** Every planted tracker, the healthy ones last. */
import { nativePlants } from './native-plants.ts';
import { nodePlants } from './node-plants.ts';
import type { Plant } from './plant.ts';

const own: Plant = {
  id: 'own-tracker',
  runtime: 'own',
  mistake: "none: this project's tracker",
  expected: null,
};

export const plants: readonly Plant[] = [...nodePlants, ...nativePlants, own].sort(
  (a, b) => Number(a.expected === null) - Number(b.expected === null),
);
