import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Profile } from 'pprof-format';
import type { MissingProfile, PhaseName, ProfileFile, ProfileKind } from '../../../run.ts';
import { writeWhole } from '../write-profiles.ts';

const NANOS_PER_MICRO = 1000;

/** Writes the profiles of one phase, whole or not at all, and keeps account of those that are not there. */
export class ProfileWriter {
  readonly files: ProfileFile[] = [];
  readonly missing: MissingProfile[] = [];
  readonly #phase: PhaseName;
  readonly #directory: string;

  /** @param directory - absolute path; made where it does not exist */
  constructor(phase: PhaseName, directory: string) {
    this.#phase = phase;
    this.#directory = directory;
  }

  miss(kind: ProfileKind, reason: string): void {
    this.missing.push({ kind, reason });
  }

  /**
   * Never rejects: what cannot be written is missing.
   *
   * @param origin - handler below `/debug/pprof/` and what was made of its answer
   */
  async write(kind: ProfileKind, profile: Profile, origin: string): Promise<void> {
    const file = `${kind}.pb.gz`;
    try {
      await writeWhole(path.join(this.#directory, file), await promisify(gzip)(profile.encode()));
    } catch (error) {
      this.miss(kind, error instanceof Error ? error.message : String(error));
      return;
    }
    this.files.push({
      kind,
      file,
      source: `Go net/http/pprof (${origin})`,
      phase: this.#phase,
      durationNs: Math.max(0, Number(profile.durationNanos)),
      // Go books all threads together and does not say how many there are.
      threads: [],
      interval: intervalOf(profile),
    });
  }
}

/** Go's CPU profile has a period in nanoseconds, its heap profile in bytes; the others have none worth the name. */
function intervalOf(profile: Profile): ProfileFile['interval'] {
  const value = Number(profile.period);
  const unit = profile.stringTable.strings[Number(profile.periodType?.unit ?? 0)];
  if (!(value > 0)) return null;
  if (unit === 'nanoseconds') return { value: value / NANOS_PER_MICRO, unit: 'microseconds' };
  return unit === 'bytes' ? { value, unit } : null;
}
