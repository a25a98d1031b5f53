/** What is known of a planted tracker: the mistake that was built into it, and what the lab ought to say of it. */
import type { RuleId } from '../../src/analyze/finding.ts';

/** An answer that is right too. */
export interface AlsoRight {
  readonly rule: RuleId;
  /** As in {@link Expectation}. */
  readonly functions: readonly string[];
  readonly reason: string;
}

interface Expectation {
  readonly rule: RuleId;
  /** Any of these is right; empty: the rule names no function, and none is asked for. */
  readonly functions: readonly string[];
  readonly also?: readonly AlsoRight[];
}

/** The costs beside its own at which a plant can be run, where that is not the double and the half. */
export interface Variants {
  readonly scales: readonly number[];
  /** Why the others are left out. */
  readonly reason: string;
  /** The mistake is on a core of its own: with its cost goes the part of the CPU that is used. */
  readonly hasOwnCore?: boolean;
}

export interface Plant {
  /** Kebab-case; the name of its source too, where `program` is absent. */
  readonly id: string;
  /** Name of the source. */
  readonly program?: string;
  /** `own` is the project's tracker. */
  readonly runtime: 'node' | 'go' | 'c' | 'own';
  /** What is wrong with it, and where: one line. */
  readonly mistake: string;
  /** Null: it is healthy, and nothing ought to be found. */
  readonly expected: Expectation | null;
  /** Flags of the lab beside {@link commonLoad}; a later one wins. */
  readonly load?: readonly string[];
  /** Absent: at double and at half the cost. Of a healthy tracker nothing is asked. */
  readonly variants?: Variants;
  /** Why the lab gets it wrong, where it does and that is known. */
  readonly whyWrong?: string;
}

/** The costs beside its own at which a plant is run. */
export function variantScales({ expected, variants }: Plant): readonly number[] {
  return expected === null ? [] : (variants?.scales ?? [2, 0.5]);
}

/** Short phases of the medium scenario. */
export const commonLoad: readonly string[] = [
  ...['--scenario', 'medium', '--warmup', '1s', '--duration', '4s', '--profile-duration', '4s'],
];

/**
 * A rate at which a healthy tracker has CPU left: what stands in its way shows in latency, not in throughput. Neither core
 * is full, so nothing is pinned: else the lab's own sampling holds up sends where it shares the generator's core (measured:
 * a send delay P99 of 1.2 to 1.8 ms).
 */
export const moderateRate: readonly string[] = ['--rate', '5000', '--pin', 'off'];

/** A memory trend needs ten seconds (LEAST_TREND_MS). */
export const longEnoughForTrend: readonly string[] = ['--duration', '11s'];

/** Few torrents, so that a reply has as many peers as it may. */
export const fullSwarms: readonly string[] = ['--swarm-hashes', '5'];
