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
