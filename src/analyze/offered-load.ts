import type { Evidence } from './evidence.ts';
import { phaseFigures } from './phase-figures.ts';
import { OFFERED_RATE_SHARE } from './thresholds.ts';

export interface OfferedLoad {
  readonly sent: number;
  /** Requests that were due and never sent; null: not counted, as in older runs. */
  readonly notSent: number | null;
  /** What the rate asks for in the phase's length; not a whole number. */
  readonly due: number;
  readonly sentPerSecond: number;
  /** Less was sent than counts as the load that was asked for. */
  readonly isShort: boolean;
}

/** What an open loop was to send in the clean phase, and what it sent. Null in closed loop and without that phase. Pure. */
export function offeredLoad(evidence: Evidence): OfferedLoad | null {
  const { ratePerSecond, loadThreads } = evidence.run.scenario;
  const clean = phaseFigures(evidence, 'clean');
  if (ratePerSecond === 0 || clean === null || clean.durationMs <= 0) return null;
  const { sent } = clean.requests;
  const due = (ratePerSecond * clean.durationMs) / 1000;
  return {
    sent,
    notSent: clean.notSent,
    due,
    sentPerSecond: (sent * 1000) / clean.durationMs,
    // The next point of each thread's grid may lie on either side of the phase's end.
    isShort: sent + loadThreads < OFFERED_RATE_SHARE * due,
  };
}
