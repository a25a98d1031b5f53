/** The flags of a tracker as {@link GivenTracker}. */
import path from 'node:path';
import type { Command } from 'commander';
import { type GivenTracker, trackerSettingNames } from '../lab/config/tracker-settings.ts';
import { sourceOf } from './scenario-flags.ts';

/**
 * What the user set by those options of `command` whose attribute is the name of a tracker's setting.
 *
 * @param cwd - what paths are relative to
 */
export function readTracker(command: Command, cwd: string): GivenTracker {
  const given = trackerSettingNames.flatMap((name) => {
    const source = sourceOf(command, name);
    if (source === null) return [];
    const value: unknown = command.getOptionValue(name);
    const isPath = name === 'cwd' || name === 'infoHashes';
    return [[name, { value: isPath ? path.resolve(cwd, value as string) : value, source }]];
  });
  return Object.fromEntries(given) as GivenTracker;
}
