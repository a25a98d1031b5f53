/** Profiles of several trackers at once: each one's own, and all of them together. */
import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Profile } from 'pprof-format';
import type { MissingProfile, ProfileFile, ProfileKind } from '../../run.ts';
import { joinProfiles } from './join-profiles.ts';
import type { CapturedProfiles, CaptureOptions, ProfileSource } from './profile-source.ts';
import { slicesFile } from './whole-slices.ts';
import { writeWhole } from './write-profiles.ts';

/** One tracker, and how it is profiled. */
interface MemberSource {
  /** `udp://HOST:PORT`. */
  readonly address: string;
  readonly source: ProfileSource;
}

/** A file of one member's, and which one's. */
interface MemberFile {
  readonly member: number;
  readonly address: string;
  readonly record: ProfileFile;
}

/**
 * Profiles all members at once. What is there of each is a file of its own (`cpu-member-1.pb.gz`), and all of a kind are joined
 * (`cpu.pb.gz`); of a kind that one member lacks, the joined one is of the others, and the reason says of whom.
 *
 * @param members - two or more, of one kind of source
 */
export function severalSource(members: readonly MemberSource[]): ProfileSource {
  const kinds = [...new Set(members.flatMap(({ source }) => source.kinds))];
  /** What was told at the start, by member. */
  let absent: (readonly MissingProfile[])[] = [];
  return {
    name: `${members[0]?.source.name ?? 'none'} and ${members.length - 1} more`,
    kinds,

    async probe() {
      const missing = members.map(async (one) => named(one, (await one.source.probe?.()) ?? []));
      return (await Promise.all(missing)).flat();
    },

    async start(options) {
      absent = await Promise.all(
        members.map(({ source }, member) => source.start(ownOptions(options, member))),
      );
      return members.flatMap((one, member) => named(one, absent[member] ?? []));
    },

    async stop(options) {
      const captured = await Promise.all(
        members.map(({ source }, member) => source.stop(ownOptions(options, member))),
      );
      const files = captured.flatMap((one, member): MemberFile[] => {
        const address = members[member]?.address ?? '';
        return one.files.map((record) => ({ member, address, record }));
      });
      const joined = await joinKinds(kinds, files, options);
      const apart = await Promise.all(
        captured.map(async ({ missing }, member): Promise<CapturedProfiles> => {
          const own = files.filter((file) => file.member === member);
          const moved = await Promise.all(own.map((file) => keepApart(file, options)));
          await rm(ownOptions(options, member).directory, { recursive: true, force: true });
          return { files: moved, missing: [...(absent[member] ?? []), ...missing] };
        }),
      );
      const missing = captured.flatMap((one, member) => {
        return named(members[member] as MemberSource, one.missing);
      });
      return { files: joined.files, missing: [...missing, ...joined.missing], members: apart };
    },
  };
}

/** Sources name their files by kind: each has a folder for as long as it takes. */
function ownOptions(options: CaptureOptions, member: number): CaptureOptions {
  return { ...options, directory: path.join(options.directory, `member-${member + 1}`) };
}

function named({ address }: MemberSource, missing: readonly MissingProfile[]): MissingProfile[] {
  return missing.map(({ kind, reason }) => ({ kind, reason: `${address}: ${reason}` }));
}

/** The member's file in the run's folder. Its slices of time are in the joined ones only. */
async function keepApart({ member, record }: MemberFile, options: CaptureOptions): Promise<ProfileFile> {
  const file = `${record.kind}-member-${member + 1}.pb.gz`;
  await rename(
    path.join(ownOptions(options, member).directory, record.file),
    path.join(options.directory, file),
  );
  const { slices: _, ...rest } = record;
  return { ...rest, file };
}

async function joinKinds(
  kinds: readonly ProfileKind[],
  files: readonly MemberFile[],
  options: CaptureOptions,
): Promise<CapturedProfiles> {
  const joined: ProfileFile[] = [];
  const missing: MissingProfile[] = [];
  for (const kind of kinds) {
    const own = files.filter(({ record }) => record.kind === kind);
    if (own.length === 0) continue;
    try {
      joined.push(await joinKind(kind, own, options));
    } catch (error) {
      missing.push({ kind, reason: `the trackers' could not be joined: ${(error as Error).message}` });
    }
  }
  return { files: joined, missing };
}

async function joinKind(
  kind: ProfileKind,
  own: readonly MemberFile[],
  options: CaptureOptions,
): Promise<ProfileFile> {
  const records = own.map(({ record }) => record);
  const [first] = records as [ProfileFile, ...ProfileFile[]];
  const file = `${kind}.pb.gz`;
  await writeJoined(
    own.map((one) => ({ ...one, file: one.record.file })),
    file,
    options,
  );
  const slices = commonSlices(records);
  if (slices !== null) {
    await writeJoined(
      own.map((one) => ({ ...one, file: one.record.slices?.file ?? '' })),
      slicesFile(kind),
      options,
    );
  }
  const intervals = new Set(records.map(({ interval }) => `${interval?.value} ${interval?.unit}`));
  return {
    kind,
    file,
    source: [...new Set(records.map(({ source }) => source))].join(', '),
    phase: first.phase,
    durationNs: Math.max(...records.map(({ durationNs }) => durationNs)),
    threads: own.flatMap(({ address, record }) => record.threads.map((thread) => `${thread} of ${address}`)),
    interval: intervals.size === 1 ? first.interval : null,
    ...(slices === null ? {} : { slices: { file: slicesFile(kind), ...slices } }),
  };
}

async function writeJoined(
  parts: readonly (MemberFile & { readonly file: string })[],
  file: string,
  options: CaptureOptions,
): Promise<void> {
  const profiles = await Promise.all(
    parts.map(async ({ address, member, file: own }) => {
      const packed = await readFile(path.join(ownOptions(options, member).directory, own));
      return { name: address, profile: Profile.decode(await promisify(gunzip)(packed)) };
    }),
  );
  const encoded = joinProfiles(profiles).encode();
  await writeWhole(path.join(options.directory, file), await promisify(gzip)(encoded));
}

/** Slices for which every member's profiler was on; null: one has none, or there is none. */
function commonSlices(
  records: readonly ProfileFile[],
): Omit<NonNullable<ProfileFile['slices']>, 'file'> | null {
  const slices = records.flatMap((record) => (record.slices === undefined ? [] : [record.slices]));
  const [first] = slices;
  if (first === undefined || slices.length < records.length) return null;
  const firstSlice = Math.max(...slices.map((one) => one.firstSlice));
  const lastSlice = Math.min(...slices.map((one) => one.lastSlice));
  return lastSlice < firstSlice ? null : { sliceMs: first.sliceMs, firstSlice, lastSlice };
}
