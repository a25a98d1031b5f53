import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MissingProfile, ProfileFile, ProfileKind, ThreadProfile } from './capture-types.ts';
import { mergeProfiles } from './merge-profiles.ts';
import { slicesFile, wholeSlices } from './whole-slices.ts';

interface WriteProfilesOptions {
  /** Made where it does not exist. */
  readonly directory: string;
  readonly phase: ProfileFile['phase'];
  /** Main thread first. */
  readonly profiles: readonly ThreadProfile[];
  /** Workers that were asked and did not answer. */
  readonly silent: readonly string[];
}

/** Merges the threads' profiles and writes one `<kind>.pb.gz` a kind: a whole file or none. */
export async function writeProfiles(
  options: WriteProfilesOptions,
): Promise<{ files: ProfileFile[]; missing: MissingProfile[] }> {
  const files: ProfileFile[] = [];
  const missing: MissingProfile[] = [];
  const kinds = new Set(options.profiles.map(({ kind }) => kind));
  for (const kind of kinds) {
    const threads = options.profiles.filter((profile) => profile.kind === kind);
    try {
      files.push(await writeKind(kind, threads, options));
    } catch (error) {
      missing.push({ kind, reason: error instanceof Error ? error.message : String(error) });
      continue;
    }
    for (const thread of options.silent) {
      missing.push({ kind, reason: `${thread} did not answer; its stacks are not in ${kind}.pb.gz` });
    }
  }
  return { files, missing };
}

async function writeKind(
  kind: ProfileKind,
  threads: readonly ThreadProfile[],
  { directory, phase }: WriteProfilesOptions,
): Promise<ProfileFile> {
  const file = `${kind}.pb.gz`;
  const first = threads[0] as ThreadProfile;
  await writeWhole(path.join(directory, file), await promisify(gzip)(mergeProfiles(threads).encode()));
  const slices = wholeSlices(threads.map(({ window }) => window));
  if (slices !== null) {
    const bytes = mergeProfiles(threads, 'slice').encode();
    await writeWhole(path.join(directory, slicesFile(kind)), await promisify(gzip)(bytes));
  }
  return {
    kind,
    file,
    source: profilerName(kind),
    phase,
    durationNs: first.durationNs,
    threads: threads.map(({ thread }) => thread),
    interval: { value: first.interval, unit: kind === 'cpu' ? 'microseconds' : 'bytes' },
    ...(slices === null ? {} : { slices: { file: slicesFile(kind), ...slices } }),
  };
}

function profilerName(kind: ProfileKind): string {
  const { version } = createRequire(import.meta.url)('@datadog/pprof/package.json') as { version: string };
  const reader = `@datadog/pprof ${version}`;
  return kind === 'allocations' ? `V8 inspector (Node.js ${process.version}), ${reader}` : reader;
}

/** Writes a file so that it is complete or absent; makes its folder where that does not exist. */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${file}.${process.pid}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(unfinished, bytes);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
