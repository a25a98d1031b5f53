/** How the comparison of slow slices with the others is cut and printed; what it is judged by is in thresholds.ts. */

/** Slices that are joined to one: 100 ms, then 200 ms, 500 ms, 1 s, until there is enough in each. */
export const JOINED_SLICES = [1, 2, 5, 10] as const;

/** Functions that are named at most. */
export const MOST_FUNCTIONS = 5;
