import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { execa } from 'execa';
import type { Watchdog } from '../../watchdog.ts';
import { makeWatchedFolder } from '../../watched-folder.ts';
import type { CapturedProfiles, CaptureOptions, ProfileSource } from '../profile-source.ts';
import { slicesFile, wholeSlices } from '../whole-slices.ts';
import { writeWhole } from '../write-profiles.ts';
import { readJitProcesses } from './jit-processes.ts';
import { noPids, type PerfFailure, perfFailure } from './perf-failure.ts';
import { perfGaps } from './perf-gaps.ts';
import { PERF_PERIOD_NS, PerfProfile } from './perf-profile.ts';
import { foreignPids, livingPids, perfEnvironment, programOf, readParanoid } from './perf-program.ts';
import { type PerfEnd, type PerfRecording, startPerfRecording } from './perf-recording.ts';
import { runPerfScript } from './run-perf-script.ts';
import { chooseStackWalk, type StackWalk } from './stack-walk.ts';

const FILE_NAME = 'perf.pb.gz';
const NANOS_PER_MS = 1e6;
const NANOS_PER_MICRO = 1e3;

export interface PerfSourceOptions {
  /** The target's processes; asked at the start and at the stop. Empty: none is known. */
  readonly pids: () => readonly number[];
  /** The perf program. Default: `perf`. */
  readonly command?: string;
}

interface RunningPerf {
  readonly recording: PerfRecording;
  /** Folder for perf's own file, removed at the end. */
  readonly folder: string;
  readonly file: string;
  readonly pids: readonly number[];
  /** Removes the folder of a lab that was killed. */
  readonly watchdog: Watchdog;
}

/**
 * CPU time of any process by Linux perf, with kernel and native frames, as `perf.pb.gz`.
 *
 * It samples the CPU clock, so it sees neither what waits nor what sleeps. Inlined functions are part of their callers,
 * and native code has the name of its library in place of a source file.
 */
export function perfSource(options: PerfSourceOptions): ProfileSource {
  const command = options.command ?? 'perf';
  let running: RunningPerf | undefined;

  return {
    name: 'perf',
    kinds: ['perf'],

    async probe() {
      const failure = await absence(command);
      return failure === null ? [] : [{ kind: 'perf', reason: failure.reason }];
    },

    async start({ durationMs }) {
      try {
        const started = await start(command, options.pids(), durationMs);
        if ('code' in started) return [{ kind: 'perf', reason: started.reason }];
        running = started;
        return [];
      } catch (error) {
        return [{ kind: 'perf', reason: describe(error) }];
      }
    },

    async stop(capture) {
      const perf = running;
      running = undefined;
      if (perf === undefined) return { files: [], missing: [] };
      try {
        return await finish(command, perf, options.pids(), capture);
      } catch (error) {
        return { files: [], missing: [{ kind: 'perf', reason: describe(error) }] };
      } finally {
        // Once more, for whatever went wrong before the first time: no perf outlives its phase.
        await perf.recording.stop();
        await rm(perf.folder, { recursive: true, force: true }).catch(() => undefined);
        perf.watchdog.dismiss();
      }
    },
  };
}

/** Why there is no perf to be started; null where there is one. */
async function absence(command: string): Promise<PerfFailure | null> {
  const result = await execa(command, ['--version'], { reject: false, env: perfEnvironment });
  if (!result.failed) return null;
  return perfFailure({
    spawnError: result.exitCode === undefined ? (result.code ?? 'unknown') : null,
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stderr: result.stderr,
    targetLives: true,
    paranoid: null,
    foreignPids: [],
  });
}

async function start(
  command: string,
  asked: readonly number[],
  durationMs: number,
): Promise<RunningPerf | PerfFailure> {
  const pids = await livingPids(asked);
  if (pids.length === 0) return noPids;
  const { folder, watchdog } = makeWatchedFolder(tmpdir(), 'tracker-lab-perf-', 1);
  const file = path.join(folder, 'perf.data');
  const record = (walk: StackWalk) => startPerfRecording({ command, pids, file, walk, durationMs });
  const walk = await chooseStackWalk(pids);
  let started = await record(walk);
  // A perf that was built without an unwinder refuses the other way.
  if (!('stop' in started) && walk === 'dwarf' && /call-graph/.test(started.stderr))
    started = await record('fp');
  if ('stop' in started) return { recording: started, folder, file, pids, watchdog };
  await rm(folder, { recursive: true, force: true });
  watchdog.dismiss();
  return failureOf(started, pids);
}

async function finish(
  command: string,
  perf: RunningPerf,
  pidsNow: readonly number[],
  { directory, phase }: CaptureOptions,
): Promise<CapturedProfiles> {
  const program = await programOf(perf.pids[0] as number);
  const ending = perf.recording.stop();
  // Now, while the processes live and their maps are those of the recording.
  const processes = await readJitProcesses(new Set([...perf.pids, ...pidsNow]));
  const end = await ending;
  const profile = new PerfProfile(processes, program);
  const script = await runPerfScript(command, perf.file, (sample) => profile.add(sample));
  if (script.problem !== null) {
    // What perf said at its own end is nearer to the cause than what its reader says of the file.
    const failed = end.exitCode !== null && end.exitCode > 0;
    const { reason } = failed
      ? await failureOf(end, perf.pids)
      : { reason: `perf script could not read what perf recorded: ${script.problem}` };
    return { files: [], missing: [{ kind: 'perf', reason }] };
  }
  if (profile.sampleCount === 0) {
    const reason = `perf took no sample in ${Math.round(end.durationMs)} ms: the target used no CPU time`;
    return { files: [], missing: [{ kind: 'perf', reason }] };
  }

  const durationNs = Math.round(end.durationMs * NANOS_PER_MS);
  const encoded = profile.encode(perf.recording.startedEpochMs * NANOS_PER_MS, durationNs);
  await writeWhole(path.join(directory, FILE_NAME), await promisify(gzip)(encoded));
  const slices = wholeSlices([
    { startNs: perf.recording.startedNs, endNs: perf.recording.startedNs + durationNs },
  ]);
  if (slices !== null) {
    const bySlice = profile.encodeSlices(perf.recording.startedEpochMs * NANOS_PER_MS, durationNs);
    await writeWhole(path.join(directory, slicesFile('perf')), await promisify(gzip)(bySlice));
  }
  const unnamedJit = [];
  for (const pid of profile.unnamedJitPids) {
    unnamedJit.push({ pid, program: path.basename(await programOf(pid)) || 'a program that has ended' });
  }
  const gaps = perfGaps({ ...script, ...counters(profile), unnamedJit, paranoid: await readParanoid() });
  return {
    files: [
      {
        kind: 'perf',
        file: FILE_NAME,
        source: await perfVersion(command),
        phase,
        durationNs,
        threads: profile.threads(),
        interval: { value: Math.round(PERF_PERIOD_NS / NANOS_PER_MICRO), unit: 'microseconds' },
        ...(slices === null ? {} : { slices: { file: slicesFile('perf'), ...slices } }),
      },
    ],
    missing: gaps.map((gap) => ({ kind: 'perf', reason: `${FILE_NAME}: ${gap}` })),
  };
}

function counters(profile: PerfProfile) {
  const { sampleCount, userOnlySamples, kernelFrames, unnamedKernelFrames, orphanedAddonSamples } = profile;
  return { sampleCount, userOnlySamples, kernelFrames, unnamedKernelFrames, orphanedAddonSamples };
}

async function failureOf(end: PerfEnd, pids: readonly number[]): Promise<PerfFailure> {
  const [living, paranoid, foreign] = await Promise.all([
    livingPids(pids),
    readParanoid(),
    foreignPids(pids),
  ]);
  return perfFailure({ ...end, targetLives: living.length > 0, paranoid, foreignPids: foreign });
}

/** For example `perf 6.1.187`. */
async function perfVersion(command: string): Promise<string> {
  const { stdout } = await execa(command, ['--version'], { reject: false, env: perfEnvironment });
  return `perf ${/\d\S*/.exec(stdout ?? '')?.[0] ?? '(version not known)'}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
