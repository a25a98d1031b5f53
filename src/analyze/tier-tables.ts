/**
 * The results template's tables of tiers: what a figure is called, from the best tier to the worst. Limits of single figures
 * stand in thresholds.ts.
 *
 * Sizes in the template's "MB" are 10^6 bytes.
 */
import type { Bytes, Nanoseconds } from '../units.ts';
import { MEMORY_CONCERN_BYTES, MEMORY_CRITICAL_BYTES } from './thresholds.ts';

const MS: Nanoseconds = 1e6;
const MB: Bytes = 1e6;

export const tierNames = ['Excellent', 'Good', 'Acceptable', 'Poor', 'Concern', 'Critical'] as const;
export type TierName = (typeof tierNames)[number];

/** One condition on one named figure. `above` and `below` are strict, `atLeast` and `atMost` are not. */
export interface Condition {
  readonly figure: string;
  readonly is: 'above' | 'below' | 'atLeast' | 'atMost';
  readonly limit: number;
}

export interface Tier {
  readonly name: TierName;
  /** All must hold. */
  readonly conditions: readonly Condition[];
}

/** Tiers of one kind of figure. */
export interface TierTable {
  /** From the best to the worst; the worst needs no conditions, see `status.ts`. */
  readonly tiers: readonly Tier[];
  /** Wins over every tier where its conditions hold; null where the template has none. */
  readonly critical: Tier | null;
  /** Given where no tier's conditions hold. */
  readonly worst: TierName;
  /** Names the table in a reason. */
  readonly label: string;
  readonly source: string;
}

/** Figures: `requestsPerSecond`; `successShare` and `errorShare` of all requests, 0 to 1. */
export const requestTiers: TierTable = {
  label: 'request',
  source: 'template: Request Statistics, Status Guide',
  worst: 'Poor',
  tiers: [
    {
      name: 'Good',
      conditions: [
        { figure: 'requestsPerSecond', is: 'above', limit: 10_000 },
        { figure: 'successShare', is: 'above', limit: 0.999 },
        { figure: 'errorShare', is: 'below', limit: 0.001 },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'requestsPerSecond', is: 'atLeast', limit: 5_000 },
        { figure: 'successShare', is: 'above', limit: 0.99 },
        { figure: 'errorShare', is: 'below', limit: 0.01 },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'errorShare', is: 'above', limit: 0.05 }] },
};

/**
 * Of an open loop, whose rate is the operator's own choice: judged is whether it was served. Figures: `servedShare`, replies
 * over what was offered; the shares as above.
 */
export const openLoopTiers: TierTable = {
  label: 'open-loop request',
  source: 'lab: the success rates of the template, held against the offered rate in place of its RPS',
  worst: 'Poor',
  tiers: [
    {
      name: 'Good',
      conditions: [
        { figure: 'servedShare', is: 'above', limit: 0.999 },
        { figure: 'successShare', is: 'above', limit: 0.999 },
        { figure: 'errorShare', is: 'below', limit: 0.001 },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'servedShare', is: 'above', limit: 0.99 },
        { figure: 'successShare', is: 'above', limit: 0.99 },
        { figure: 'errorShare', is: 'below', limit: 0.01 },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'errorShare', is: 'above', limit: 0.05 }] },
};

/** Figures: `p95Ns`, `p99Ns`. */
export const localLatencyTiers: TierTable = {
  label: 'local latency',
  source: 'template: Latency Status Guide (Local Network)',
  worst: 'Poor',
  tiers: [
    {
      name: 'Excellent',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 1 * MS },
        { figure: 'p99Ns', is: 'below', limit: 5 * MS },
      ],
    },
    {
      name: 'Good',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 5 * MS },
        { figure: 'p99Ns', is: 'below', limit: 10 * MS },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 10 * MS },
        { figure: 'p99Ns', is: 'below', limit: 50 * MS },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'p95Ns', is: 'above', limit: 100 * MS }] },
};

/** Figures: `p95Ns`, `p99Ns`. The template names no critical tier for a remote tracker. */
export const remoteLatencyTiers: TierTable = {
  label: 'remote latency',
  source: 'template: Latency Status Guide (Remote/Internet)',
  worst: 'Poor',
  tiers: [
    {
      name: 'Excellent',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 10 * MS },
        { figure: 'p99Ns', is: 'below', limit: 50 * MS },
      ],
    },
    {
      name: 'Good',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 50 * MS },
        { figure: 'p99Ns', is: 'below', limit: 100 * MS },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 100 * MS },
        { figure: 'p99Ns', is: 'below', limit: 200 * MS },
      ],
    },
  ],
  critical: null,
};

/** Figures: `growthBytes`; `continuousGrowth` is 1 where the growth goes on (see `memory-series.ts`), else 0. */
export const memoryTiers: TierTable = {
  label: 'memory growth',
  source: 'template: Memory Status Guide',
  worst: 'Concern',
  tiers: [
    {
      name: 'Good',
      conditions: [
        { figure: 'growthBytes', is: 'below', limit: 100 * MB },
        { figure: 'continuousGrowth', is: 'below', limit: 1 },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'growthBytes', is: 'atMost', limit: MEMORY_CONCERN_BYTES },
        { figure: 'continuousGrowth', is: 'below', limit: 1 },
      ],
    },
  ],
  critical: {
    name: 'Critical',
    conditions: [{ figure: 'growthBytes', is: 'above', limit: MEMORY_CRITICAL_BYTES }],
  },
};
