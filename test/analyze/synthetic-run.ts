/** A run's folder without a tracker: figures that are easy to check by hand, the same every time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import hdr from 'hdr-histogram-js';
import {
  Line,
  Location,
  Function as PprofFunction,
  Profile as PprofProfile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import type { Evidence, LoadedProfile } from '../../src/analyze/evidence.ts';
import type { Profile } from '../../src/analyze/profile/profile.ts';
import { latencyReader } from '../../src/analyze/read-latency.ts';
import {
  type LoadRow,
  type MachineRow,
  type Operation,
  type OperationCounts,
  operations,
  type PhaseLoad,
  type PhaseName,
  type ProcessRow,
  type ProfileFile,
  type Run,
  type RuntimeRow,
  type TimelineRow,
} from '../../src/run.ts';

const MS = 1e6;

/** Phases of 3 s, 12 s and 6 s. */
const spans: Readonly<Record<PhaseName, readonly [number, number]>> = {
  'warm-up': [1_000, 4_000],
  clean: [4_000, 16_000],
  profiled: [16_000, 22_000],
};

/** What a test changes of the run that is otherwise healthy; each absent field keeps the healthy figure. */
export interface SyntheticOptions {
  readonly run?: Partial<Run>;
  readonly scenario?: Partial<Run['scenario']>;
  readonly target?: Partial<Run['target']>;
  /** Replaces parts of the clean phase. */
  readonly clean?: Partial<PhaseLoad>;
  /** Of all announce requests of the clean phase. */
  readonly announce?: Partial<OperationCounts>;
  /** Phases that the run has. Default: all three. */
  readonly phases?: readonly PhaseName[];
  /** Values recorded of each operation, in ns; each stands for an equal part of its replies. */
  readonly latenciesNs?: readonly number[];
  readonly process?: (row: ProcessRow, index: number) => Partial<ProcessRow>;
  readonly runtime?: (row: RuntimeRow, index: number) => Partial<RuntimeRow>;
  /** On top of what the target and the lab use; default: 0.02 cores of others. */
  readonly machine?: (row: MachineRow, index: number) => Partial<MachineRow>;
  readonly load?: (row: LoadRow, index: number) => Partial<LoadRow>;
  /** Drop all rows of a kind. */
  readonly without?: readonly TimelineRow['kind'][];
  readonly profiles?: Partial<Record<ProfileFile['kind'], Profile>>;
}

/** For `process`: a tracker that used half of its core. */
export function halfBusy(row: ProcessRow): Partial<ProcessRow> {
  return { cpuUserMs: row.atMs * 0.5, cpuSystemMs: 0, runQueueDelayMs: 0 };
}

const healthyLatenciesNs = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.6, 3.0].map((ms) => ms * MS);

function counts(sent: number, over: Partial<OperationCounts> = {}): OperationCounts {
  const failed =
    (over.timedOut ?? 0) + (over.errorReplies ?? 0) + (over.malformedReplies ?? 0) + (over.sendFailed ?? 0);
  return {
    sent,
    succeeded: sent - failed - (over.unresolved ?? 0),
    timedOut: 0,
    errorReplies: 0,
    malformedReplies: 0,
    sendFailed: 0,
    unresolved: 0,
    ...over,
  };
}

function phaseLoad(phase: PhaseName, options: SyntheticOptions): PhaseLoad {
  const [startMs, endMs] = spans[phase];
  const seconds = (endMs - startMs) / 1000;
  const isClean = phase === 'clean';
  const load: PhaseLoad = {
    phase,
    startMs,
    endMs,
    operations: {
      connect: counts(200 * seconds),
      announce: counts(10_000 * seconds, isClean ? options.announce : {}),
      scrape: counts(2_000 * seconds),
    },
    strayReplies: { late: 0, duplicate: 0, unknown: 0, malformed: 0 },
    errorTexts: {},
    peersReceived: 10_000 * seconds * 42,
    sentBytes: 12_200 * seconds * 95,
    receivedBytes: 12_200 * seconds * 230,
    threads: [{ cpuShare: 0.45, sendLagNsP50: 20_000, sendLagNsP99: 200_000, sendLagNsMax: 2_000_000 }],
    generatorSocketDrops: 0,
  };
  return isClean ? { ...load, ...options.clean } : load;
}

function profileRecord(kind: ProfileFile['kind']): ProfileFile {
  return {
    kind,
    file: `${kind}.pb.gz`,
    source: sources[kind],
    phase: kind === 'live-heap' ? 'warm-up' : 'profiled',
    durationNs: kind === 'goroutine' ? 0 : 6e9,
    threads: ['cpu', 'perf', 'allocations', 'live-heap'].includes(kind) ? ['main'] : [],
    interval: intervals[kind] ?? null,
  };
}

const sources: Readonly<Record<ProfileFile['kind'], string>> = {
  cpu: '@datadog/pprof 5.20.0',
  perf: 'perf 6.1',
  allocations: 'V8 sampling heap profiler',
  'live-heap': 'V8 sampling heap profiler',
  'heap-growth': '/debug/pprof/heap?gc=1, difference over the phase',
  mutex: '/debug/pprof/mutex',
  block: '/debug/pprof/block',
  goroutine: '/debug/pprof/goroutine',
};
const intervals: Readonly<Partial<Record<ProfileFile['kind'], ProfileFile['interval']>>> = {
  cpu: { value: 1000, unit: 'microseconds' },
  perf: { value: 1001, unit: 'microseconds' },
  allocations: { value: 131_072, unit: 'bytes' },
  'live-heap': { value: 131_072, unit: 'bytes' },
};

/** The record of a synthetic run. */
export function syntheticRun(options: SyntheticOptions = {}): Run {
  const phases = options.phases ?? (['warm-up', 'clean', 'profiled'] as const);
  const kinds = Object.keys(options.profiles ?? {}) as ProfileFile['kind'][];
  return {
    schemaVersion: 1,
    runId: '20260102-030405-heavy',
    suiteId: null,
    startedAt: '2026-01-02T03:04:05.000Z',
    partial: null,
    environment: {
      tester: 'somebody',
      os: 'Linux (Debian 12)',
      kernel: '6.1.0',
      arch: 'x64',
      cpuModel: 'Some CPU @ 2.50GHz',
      cpuCount: 2,
      memoryBytes: 8 * 2 ** 30,
      interruptsBookedOnProcesses: null,
      cpuGovernor: null,
      pinning: { target: '0', generator: '1' },
      udpFloor: null,
      labVersion: '0.1.0',
      labNodeVersion: 'v20.20.2',
    },
    target: {
      kind: 'own',
      name: 'tracker-lab',
      version: '0.1.0',
      runtime: 'Node.js v20.20.2',
      address: 'udp://127.0.0.1:1337',
      network: 'local',
      pid: 4242,
      command: ['node', 'dist/tracker/main.js'],
      receiveBuffer: { askedBytes: 4_194_304, givenBytes: 8_388_608 },
      socketKind: 'batched',
      workers: 1,
      ...options.target,
    },
    scenario: {
      name: 'heavy',
      durationMs: 12_000,
      warmupMs: 3_000,
      profileDurationMs: 6_000,
      concurrency: 12,
      ratePerSecond: 0,
      hashesPerWorker: 5,
      numWant: 50,
      timeoutMs: 5_000,
      mix: { connect: 1, announce: 50, scrape: 10 },
      swarmHashes: 100,
      skew: 1,
      seed: 1,
      loadThreads: 1,
      infoHashesFile: null,
      ...options.scenario,
    },
    members: [],
    settingSources: { durationMs: 'flag', concurrency: 'preset' },
    phases: phases.map((phase) => phaseLoad(phase, options)),
    histograms: phases.flatMap((phase) =>
      operations.map((operation) => ({
        phase,
        operation,
        clock: 'service' as const,
        file: histogramName(phase, operation),
      })),
    ),
    profiles: kinds.map(profileRecord),
    missingProfiles: [],
    lostClientShare: 0,
    trackerCounters: { announces: 210_000, peers: 60, swarms: 5 },
    targetExit: { expected: true, exitCode: 0, signal: null, cause: null, lastStderr: '' },
    agents: null,
    clinic: null,
    notes: [],
    ...options.run,
  };
}

function histogramName(phase: PhaseName, operation: Operation): string {
  return `${phase}-${operation}-service.hdr`;
}

/** Encoding is what takes the time of a synthetic run, and most tests ask for the same. */
const encoded = new Map<string, string>();

function encodedHistogram(replies: number, latenciesNs: readonly number[]): string {
  const key = `${replies} ${latenciesNs.join(' ')}`;
  const known = encoded.get(key) ?? encodeHistogram(replies, latenciesNs);
  encoded.set(key, known);
  return known;
}

function encodeHistogram(replies: number, latenciesNs: readonly number[]): string {
  const histogram = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 37 - 1,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  });
  for (const latencyNs of latenciesNs) {
    const share = Math.floor(replies / latenciesNs.length);
    if (share > 0) histogram.recordValueWithCount(latencyNs, share);
  }
  return hdr.encodeIntoCompressedBase64(histogram);
}

/** The timeline of a synthetic run: 4 samples a second, a load row a second. */
function syntheticTimeline(options: SyntheticOptions = {}): TimelineRow[] {
  const phases = options.phases ?? (['warm-up', 'clean', 'profiled'] as const);
  const endMs = Math.max(0, ...phases.map((phase) => spans[phase][1]));
  const rows: TimelineRow[] = [];
  for (let index = 0, atMs = 500; atMs <= endMs; index++, atMs += 250) {
    const process: ProcessRow = {
      kind: 'process',
      atMs,
      cpuUserMs: 200 + Math.max(0, atMs - 1000) * 0.6,
      cpuSystemMs: 20 + Math.max(0, atMs - 1000) * 0.3,
      rssBytes: atMs <= 1000 ? 60e6 : 80e6,
      threads: 11,
      voluntaryContextSwitches: atMs,
      involuntaryContextSwitches: Math.floor(atMs / 100),
      runQueueDelayMs: atMs * 0.01,
      threadStates: { running: 1, asleep: 10, uninterruptible: 0 },
      socketDrops: 0,
      socketQueueBytes: 4_096,
    };
    const runtime: RuntimeRow = {
      kind: 'runtime',
      atMs,
      heapUsedBytes: 12e6 + (index % 8) * 1e6,
      heapTotalBytes: 24e6,
      externalBytes: 10e6,
      arrayBuffersBytes: 9e6,
      gc: {
        minor: { count: index, ms: index * 2 },
        major: { count: Math.floor(index / 20), ms: Math.floor(index / 20) * 4 },
        incremental: { count: 0, ms: 0 },
        weakcb: { count: 0, ms: 0 },
      },
      eventLoopDelayNsP50: 0.3 * MS,
      eventLoopDelayNsP99: 2 * MS,
      eventLoopDelayNsMax: 5 * MS,
      eventLoopUtilization: 0.92,
    };
    const target = { ...process, ...options.process?.(process, index) };
    const labMs = atMs * 0.5;
    const machine: MachineRow = {
      kind: 'machine',
      atMs,
      interruptMs: atMs * 0.2,
      busyMs: 5_000 + target.cpuUserMs + target.cpuSystemMs + labMs + atMs * 0.02,
      stolenMs: 0,
      labMs,
    };
    rows.push(
      target,
      { ...machine, ...options.machine?.(machine, index) },
      { ...runtime, ...options.runtime?.(runtime, index) },
    );
  }
  for (const phase of phases) {
    const [startMs, phaseEndMs] = spans[phase];
    for (let index = 0, atMs = startMs + 1000; atMs <= phaseEndMs; index++, atMs += 1000) {
      const row: LoadRow = {
        kind: 'load',
        atMs,
        spanMs: 1000,
        phase,
        sent: 12_200,
        succeeded: 12_200,
        timedOut: 0,
        errorReplies: 0,
        malformedReplies: 0,
        sendFailed: 0,
        latencyNsP50: 0.9 * MS,
        latencyNsP95: 3 * MS,
        latencyNsP99: 3 * MS,
        latencyNsMax: 4 * MS,
      };
      rows.push({ ...row, ...options.load?.(row, index) });
    }
  }
  return rows.filter((row) => options.without?.includes(row.kind) !== true).sort((a, b) => a.atMs - b.atMs);
}

function histogramTexts(run: Run, options: SyntheticOptions): Map<string, string> {
  const latenciesNs = options.latenciesNs ?? healthyLatenciesNs;
  return new Map(
    run.histograms.map(({ phase, operation, file }) => {
      const load = run.phases.find((one) => one.phase === phase);
      return [file, encodedHistogram(load?.operations[operation].succeeded ?? 0, latenciesNs)];
    }),
  );
}

/** The evidence of a synthetic run, without a folder. */
export function syntheticEvidence(options: SyntheticOptions = {}): Evidence {
  const run = syntheticRun(options);
  const texts = histogramTexts(run, options);
  const loaded = Object.entries(options.profiles ?? {}).map(([kind, profile]): LoadedProfile => {
    return { record: profileRecord(kind as ProfileFile['kind']), profile };
  });
  return {
    run,
    timeline: syntheticTimeline(options),
    brokenTimelineLines: 0,
    latency: latencyReader(run, (name) => texts.get(name) as string),
    profiles: loaded,
  };
}

/** Writes a synthetic run below `root` and returns its folder. */
export function writeSyntheticRun(root: string, options: SyntheticOptions = {}): string {
  const run = syntheticRun(options);
  const directory = path.join(root, run.runId);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'run.json'), JSON.stringify(run));
  const lines = syntheticTimeline(options).map((row) => JSON.stringify(row));
  writeFileSync(path.join(directory, 'timeline.ndjson'), `${lines.join('\n')}\n`);
  for (const [file, text] of histogramTexts(run, options)) writeFileSync(path.join(directory, file), text);
  for (const [kind, profile] of Object.entries(options.profiles ?? {})) {
    writeFileSync(
      path.join(directory, profileRecord(kind as ProfileFile['kind']).file),
      encodeProfile(profile),
    );
  }
  return directory;
}

/** A pprof file of a profile, gzipped. Classes of frames are not in it: they come of the names again. */
function encodeProfile(profile: Profile): Buffer {
  const stringTable = new StringTable();
  const functions = profile.frames.map(
    (frame, index) =>
      new PprofFunction({
        id: index + 1,
        name: stringTable.dedup(frame.functionName),
        filename: stringTable.dedup(frame.file),
      }),
  );
  const locations = profile.frames.map(
    (frame, index) =>
      new Location({ id: index + 1, line: [new Line({ functionId: index + 1, line: frame.line })] }),
  );
  const samples = Array.from({ length: profile.sampleCount }, (_, sample) => {
    const stack = profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1]);
    return new Sample({
      locationId: [...stack].map((frame) => frame + 1),
      value: profile.values.map((values) => values[sample] as number),
    });
  });
  const encoded = new PprofProfile({
    sampleType: profile.valueTypes.map(
      ({ type, unit }) => new ValueType({ type: stringTable.dedup(type), unit: stringTable.dedup(unit) }),
    ),
    sample: samples,
    location: locations,
    function: functions,
    stringTable,
    durationNanos: profile.durationNs,
  });
  return gzipSync(encoded.encode());
}
