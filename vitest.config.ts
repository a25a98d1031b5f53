import { defineConfig } from 'vitest/config';

const base = {
  testTimeout: 30_000,
  hookTimeout: 30_000,
};

/** Mostly waiting, at low rates: two of them at a time, but not beside the tests that load both cores. */
const WAITING = [
  'test/end-to-end/faults/network-faults.test.ts',
  'test/end-to-end/faults/full-disk.test.ts',
  'test/end-to-end/agents/**/*.test.ts',
];

/** Their assertions are about time: each file has the machine to itself. */
const TIMED = [
  'test/end-to-end/faults/**/*.test.ts',
  'test/end-to-end/when-slow.test.ts',
  'test/lab/load/overload.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', './test/retried-tests.ts'],
    projects: [
      {
        test: {
          ...base,
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [...WAITING, ...TIMED],
          // Socket and process tests share two cores with the processes that they start.
          maxWorkers: 2,
          // A lab under test puts its load threads before all others (nice -15), and starves the test beside it at times.
          retry: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...base,
          name: 'timed',
          include: TIMED,
          exclude: WAITING,
          maxWorkers: 1,
          // What another program on the machine does may still move a figure of one run; hardly of two.
          retry: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...base,
          name: 'waiting',
          include: WAITING,
          maxWorkers: 2,
          retry: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
