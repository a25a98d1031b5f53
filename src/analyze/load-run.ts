/** Reads a run's folder into {@link Evidence}. The only file access of an analysis besides its history. */
import path from 'node:path';
import { prettifyError } from 'zod';
import { LabError } from '../errors.ts';
import { RUN_SCHEMA_VERSION, type Run, runSchema } from '../run.ts';
import type { Bytes } from '../units.ts';
import type { Evidence, LoadedProfile } from './evidence.ts';
import { loadSlices } from './load-slices.ts';
import { parseTimeline } from './parse-timeline.ts';
import { decodeProfile } from './profile/decode-profile.ts';
import { latencyReader, memberLatencyReader } from './read-latency.ts';
import { readRunFile } from './run-file.ts';

/** A run.json has some ten kilobytes; one of a megabyte is none of ours. */
const MOST_RECORD_BYTES: Bytes = 1024 * 1024;
/** The timeline of a day has some 200 MB; latencies by slices are those of the profiled phase alone. */
const MOST_SLICES_BYTES: Bytes = 64 * 1024 * 1024;

/**
 * Loads one run.
 *
 * @param directory - the run's folder
 * @param options - `profiles: false` leaves the profiles unread, for a run that is only compared with
 * @throws LabError where run.json is missing (`RUN_FILE_MISSING`), unreadable (`BAD_RUN`) or of another version
 *   (`RUN_VERSION`), where a file that it names is missing, unsafe or broken
 */
export function loadRun(directory: string, options: { readonly profiles?: boolean } = {}): Evidence {
  const run = loadRunRecord(directory);
  const timeline = parseTimeline(readText(directory, 'timeline.ndjson'));
  const sliced =
    options.profiles === false
      ? null
      : loadSlices(run, (name) => readRunFile(directory, name, MOST_SLICES_BYTES));
  return {
    run,
    timeline: timeline.rows,
    brokenTimelineLines: timeline.brokenLines,
    latency: latencyReader(run, function readHistogram(name) {
      return readText(directory, name);
    }),
    ...(run.members.length === 0
      ? {}
      : {
          memberLatency: memberLatencyReader(run, function readMemberHistogram(name) {
            return readText(directory, name);
          }),
        }),
    profiles: options.profiles === false ? [] : loadProfiles(directory, run.profiles),
    ...(options.profiles === false || run.members.length === 0
      ? {}
      : { memberProfiles: run.members.map(({ profiles }) => loadProfiles(directory, profiles)) }),
    ...(sliced === null ? {} : { sliced }),
  };
}

/**
 * run.json alone.
 *
 * @throws LabError as {@link loadRun}
 */
export function loadRunRecord(directory: string): Run {
  const file = path.join(directory, 'run.json');
  let value: unknown;
  try {
    value = JSON.parse(readRunFile(directory, 'run.json', MOST_RECORD_BYTES).toString('utf8'));
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw badRun(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version !== RUN_SCHEMA_VERSION) {
    throw new LabError({
      code: 'RUN_VERSION',
      message: `expected ${file} to have schemaVersion ${RUN_SCHEMA_VERSION}, found ${version}`,
      hint: 'analyse it with the tracker-lab that made it, or measure it again',
    });
  }
  const parsed = runSchema.safeParse(value);
  if (!parsed.success) {
    throw badRun(file, prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' '), parsed.error);
  }
  refuseRepeated(file, parsed.data);
  return parsed.data;
}

/** A record of a megabyte could name one file ten thousand times, and each is read and kept. */
function refuseRepeated(file: string, { histograms, profiles, members }: Run): void {
  const seen = new Set<string>();
  const keys = [
    ...histograms.map(({ phase, operation, clock }) => `histogram ${phase} ${operation} ${clock}`),
    ...profiles.map(({ phase, kind }) => `profile ${phase} ${kind}`),
    ...members.flatMap(({ profiles: own }, index) =>
      own.map(({ phase, kind }) => `profile ${phase} ${kind} of tracker ${index + 1}`),
    ),
  ];
  for (const key of keys) {
    if (seen.has(key)) throw badRun(file, `the ${key} twice`, undefined);
    seen.add(key);
  }
}

function loadProfiles(directory: string, records: Run['profiles']): LoadedProfile[] {
  return records.map(function loadOne(record) {
    const decoded = decodeProfile(readRunFile(directory, record.file), { fileName: record.file });
    if (!decoded.ok) throw decoded.problem;
    return { record, profile: decoded.profile };
  });
}

function readText(directory: string, name: string): string {
  return readRunFile(directory, name).toString('utf8');
}

function badRun(file: string, reason: string, cause: unknown): LabError {
  return new LabError({
    code: 'BAD_RUN',
    message: `expected ${file} to describe a run, found something else (${reason.slice(0, 400)})`,
    hint: 'pass a folder that tracker-lab wrote, for example the newest below profiles/',
    cause,
  });
}
