/** Room for 25 million peers in one swarm. */
const POWERS = 25;

/**
 * How many peers a block of each size class holds: 1, 2, 3, 4, 6, 8, 12, 16, 24, ... Each class has room for a third or
 * a half more than the one before, so that at most a third of a block that just grew is unused.
 */
export const capacities: readonly number[] = Array.from({ length: POWERS }, (_, power) => 2 ** power).flatMap(
  (capacity) => (capacity === 1 ? [1] : [capacity, capacity + capacity / 2]),
);
