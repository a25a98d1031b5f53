import type { Evidence } from '../evidence.ts';

/** Advice for a run whose cores were taken by other work, by whether it was pinned already. */
export function ownCores({ run: { environment } }: Evidence): string {
  const { pinning } = environment;
  return pinning === null
    ? 'Give tracker and generator cores of their own (--pin), and measure again when nothing else is at work on them.'
    : `Tracker and generator were pinned to cores ${pinning.target} and ${pinning.generator} already: measure again when nothing else is at work there; on a shared host ask for dedicated ones.`;
}
