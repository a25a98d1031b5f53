/** Limits of the comparison of slow slices with the others, each with its reason. */
import type { Share } from '../../units.ts';

/** Slices that are joined to one: 100 ms, then 200 ms, 500 ms, 1 s, until there is enough in each. */
export const JOINED_SLICES = [1, 2, 5, 10] as const;

/** Requests of the middle slice: below it a P99 is but the slowest request. */
export const LEAST_REQUESTS = 100;
/** Requests without which a slice has no P99 at all; one that a stall fills has only those under way, one a client. */
export const LEAST_REQUESTS_OF_A_SLICE = 5;
/** CPU samples of the middle slice. Fewer, and no share of theirs can be seen to move. */
export const LEAST_SAMPLES = 5;

/**
 * A slice is slow where its P99 is at least so many times the median slice's. Twice is beyond what a P99 of 100 requests does by
 * chance under a steady load, and worth an answer.
 */
export const SLOW_FACTOR = 2;
/** Times in which it was slow, each a slice or some in a row: with fewer the interval of a share says nothing. */
export const LEAST_EPISODES = 4;
/** Slices that were not slow, to compare with. */
export const LEAST_OTHER_SLICES = 20;
/** Slices in a row that count as one witness where they were not slow, as long as a slow time may be. */
export const OTHER_EPISODE_SLICES = 5;

/** Functions that are looked at: those with this share of all samples. Rarer ones cannot hold up a slice. */
export const LEAST_POOLED_SHARE: Share = 0.005;
/** A function is named where its share of the slow slices' samples is larger by this than of the others'. */
export const LEAST_EXCESS: Share = 0.05;
/** A condition is named where it is so many times what it is otherwise. */
export const LEAST_CONDITION_RATIO = 1.5;
/** Functions that are named at most. */
export const MOST_FUNCTIONS = 5;
/** All intervals of one kind hold together with this probability (Bonferroni). */
export const CONFIDENCE = 0.95;

/** Slices after the profilers' start that are left out: their start holds the program up, and its queue has to drain. */
export const SETTLING_SLICES = 3;
/** By how much the time of the samples may lie outside the phase before the clocks are taken for two. */
export const MOST_CLOCK_ERROR_MS = 1_000;
