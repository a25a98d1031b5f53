import { execFileSync } from 'node:child_process';
import { builtEntry } from '../../src/package-root.ts';
import type { BenchContext } from '../context.ts';
import { bittorrentTracker } from './bittorrent-tracker.ts';
import { givenPrograms } from './given-programs.ts';
import { opentracker } from './opentracker.ts';
import { ownVersion, startOwnServer } from './own-tracker.ts';
import type { Candidate } from './server.ts';
import { floorEcho } from './yardsticks.ts';

export const OURS = 'tracker-lab, batched';
const OURS_DGRAM = 'tracker-lab, dgram';
export const OURS_TWO = 'tracker-lab, batched, 2 workers';

/** Our tracker with these flags. */
export function ownSubject(name: string, flags: readonly string[], { pinning }: BenchContext): Candidate {
  return {
    name,
    version: ownVersion,
    start: () => startOwnServer({ flags, cpus: pinning?.server ?? null }),
  };
}

/** All that can be held against each other, ours first; those that cannot be had say why. */
export function allSubjects(context: BenchContext): Candidate[] {
  return [
    ownSubject(OURS, ['--socket', 'batched'], context),
    hasWorkers()
      ? ownSubject(OURS_TWO, ['--socket', 'batched', '--workers', '2'], context)
      : { subject: OURS_TWO, reason: 'this tracker has no --workers' },
    ownSubject(OURS_DGRAM, ['--socket', 'dgram'], context),
    floorEcho(context.cache, context.pinning?.server ?? null),
    opentracker(context),
    bittorrentTracker(context),
    ...givenPrograms(context),
  ];
}

function hasWorkers(): boolean {
  return execFileSync(process.execPath, [builtEntry('tracker/main.js'), '--help']).includes('--workers');
}
