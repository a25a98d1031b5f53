import { setTimeout as delay } from 'node:timers/promises';
import type { MissingProfile, ProfileKind } from '../../../run.ts';
import type { Milliseconds } from '../../../units.ts';
import type { CapturedProfiles, CaptureOptions, ProfileSource } from '../profile-source.ts';
import { type CpuProfile, startCpuProfile } from './cpu-profile.ts';
import { fetchBytes } from './fetch-bytes.ts';
import { countedProfiles, emptyReason, HEAP_HANDLER, levelProfiles, momentProfiles } from './go-profiles.ts';
import { parsePprofUrl } from './pprof-url.ts';
import { ProfileWriter } from './profile-writer.ts';
import { readSnapshot, type Snapshot, type SnapshotReading } from './read-snapshot.ts';
import { type Derived, keepValues, subtractLevels, subtractSnapshot } from './subtract-snapshot.ts';

/** Before any load an idle program answers at once. */
const PROBE_WAIT_MS = 2000;
/** What start() waits for a snapshot, which waits for a garbage collection of the program. */
const BASE_WAIT_MS = 5000;
/** What stop() takes at most, all in all. */
const STOP_WAIT_MS = 4500;
/** Of that, what the CPU profile may take. */
const CPU_WAIT_MS = 2500;
/** The collection that comes before the heap's figures waits so long for the CPU profile, so as not to stand in it. */
const HEAP_HOLD_MS = 800;

interface GoPprofSourceOptions {
  /** Of `/debug/pprof`; see {@link parsePprofUrl}. */
  readonly url: string;
  /** Permits an endpoint off this machine. Default: false. */
  readonly allowRemote?: boolean;
}

/**
 * The profiles of a Go program, by its own `net/http/pprof` and without a change to it: CPU time, allocations, live heap,
 * mutexes, blocking, goroutines. Each one that cannot be had, or holds nothing, is named with its reason. One phase at a
 * time. start() takes at most about 5 s, stop() at most 5 s.
 *
 * @throws LabError `BAD_PPROF_URL`, `REMOTE_PPROF`
 */
export function goPprofSource({ url, allowRemote = false }: GoPprofSourceOptions): ProfileSource {
  return new GoPprofSource(parsePprofUrl(url, { allowRemote }));
}

interface StopState {
  readonly writer: ProfileWriter;
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: Milliseconds;
}

class GoPprofSource implements ProfileSource {
  readonly name: string;
  readonly kinds: readonly ProfileKind[] = [
    'cpu',
    ...[...countedProfiles, ...levelProfiles, ...momentProfiles].map(({ kind }) => kind),
  ];
  readonly #base: string;
  #cpu: CpuProfile | null = null;
  /** Snapshots from the phase's start, by handler. */
  #before = new Map<string, Snapshot>();

  constructor(base: string) {
    this.#base = base;
    this.name = `Go's pprof endpoint ${base}`;
  }

  /** Whether anything answers at all; by the index, which costs the program nothing. */
  async probe(): Promise<readonly MissingProfile[]> {
    const answer = await fetchBytes(`${this.#base}/`, { timeoutMs: PROBE_WAIT_MS });
    // A program may serve the profiles and no index.
    if (answer.ok || answer.status !== undefined) return [];
    return this.kinds.map((kind) => ({ kind, reason: answer.reason }));
  }

  async start({ durationMs }: CaptureOptions): Promise<readonly MissingProfile[]> {
    // Before the CPU profile, so that neither the collection nor the packing stands in it.
    const readings = await this.#readAll(countedProfiles, performance.now() + BASE_WAIT_MS);
    const missing: MissingProfile[] = [];
    this.#before = new Map();
    for (const { kind, handler } of [...countedProfiles, ...levelProfiles]) {
      const reading = readings.get(handler) as SnapshotReading;
      if (reading.ok) this.#before.set(handler, reading.snapshot);
      else missing.push({ kind, reason: reading.reason });
    }
    const cpu = await startCpuProfile(this.#base, durationMs);
    this.#cpu = cpu.refused === null ? cpu : null;
    if (cpu.refused !== null) missing.unshift({ kind: 'cpu', reason: cpu.refused });
    return missing;
  }

  async stop({ phase, directory }: CaptureOptions): Promise<CapturedProfiles> {
    const deadlineMs = performance.now() + STOP_WAIT_MS;
    const writer = new ProfileWriter(phase, directory);
    const keep = (kind: ProfileKind, derived: Derived, origin: string): Promise<void> =>
      this.#keep(kind, derived, origin, { writer, deadlineMs });
    const [cpu, before] = [this.#cpu, this.#before];
    this.#cpu = null;
    this.#before = new Map();

    const cpuKept = cpu?.take(CPU_WAIT_MS).then(async function keepCpu(answer) {
      const reading = answer.ok ? await readSnapshot(answer.bytes) : answer;
      const derived = reading.ok ? { ok: true as const, profile: reading.snapshot.profile } : reading;
      await keep('cpu', derived, `profile?seconds=${cpu.seconds}`);
    });
    const after = await this.#readEnd(deadlineMs, cpuKept);
    await cpuKept;
    for (const { kind, handler, types } of countedProfiles) {
      const base = before.get(handler);
      // Told at the start.
      if (base === undefined) continue;
      const reading = after.get(handler) as SnapshotReading;
      const derived = reading.ok ? subtractSnapshot(reading.snapshot, base, types) : reading;
      await keep(kind, derived, `${handler}, difference over the phase`);
    }
    for (const { kind, handler, types } of levelProfiles) {
      const base = before.get(handler);
      const reading = after.get(handler) as SnapshotReading;
      const derived = growthOf(reading, base, types);
      if (derived !== null) await keep(kind, derived, `${handler}, difference over the phase`);
    }
    for (const { kind, handler, types } of momentProfiles) {
      const reading = after.get(handler) as SnapshotReading;
      const derived = reading.ok ? keepValues(reading.snapshot, types) : reading;
      await keep(kind, derived, `${handler}, at the end of the phase, no difference`);
    }
    return { files: writer.files, missing: writer.missing };
  }

  /** The snapshots of the phase's end, by handler; the heap's once the CPU profile is out of the way. */
  async #readEnd(
    deadlineMs: Milliseconds,
    cpuKept: Promise<void> | undefined,
  ): Promise<ReadonlyMap<string, SnapshotReading>> {
    const others = [...countedProfiles, ...momentProfiles].filter(({ handler }) => handler !== HEAP_HANDLER);
    const [readings, heap] = await Promise.all([
      this.#readAll(others, deadlineMs),
      Promise.race([cpuKept, delay(HEAP_HOLD_MS, undefined, { ref: false })]).then(() =>
        this.#read(HEAP_HANDLER, deadlineMs),
      ),
    ]);
    return new Map([...readings, [HEAP_HANDLER, heap]]);
  }

  async #keep(
    kind: ProfileKind,
    derived: Derived,
    origin: string,
    { writer, deadlineMs }: StopState,
  ): Promise<void> {
    if (!derived.ok) writer.miss(kind, derived.reason);
    else if (derived.profile.sample.length > 0) await writer.write(kind, derived.profile, origin);
    else {
      const mutexText = kind === 'mutex' ? await this.#mutexText(deadlineMs) : null;
      writer.miss(kind, emptyReason(kind, Number(derived.profile.period), mutexText));
    }
  }

  /** Each handler once, all at once. */
  async #readAll(
    profiles: readonly { readonly handler: string }[],
    deadlineMs: Milliseconds,
  ): Promise<Map<string, SnapshotReading>> {
    const handlers = [...new Set(profiles.map(({ handler }) => handler))];
    const readings = handlers.map(
      async (handler) => [handler, await this.#read(handler, deadlineMs)] as const,
    );
    return new Map(await Promise.all(readings));
  }

  async #read(handler: string, deadlineMs: Milliseconds): Promise<SnapshotReading> {
    const answer = await this.#fetch(handler, deadlineMs);
    return answer.ok ? readSnapshot(answer.bytes) : answer;
  }

  #fetch(handler: string, deadlineMs: Milliseconds): ReturnType<typeof fetchBytes> {
    return fetchBytes(`${this.#base}/${handler}`, { timeoutMs: deadlineMs - performance.now() });
  }

  async #mutexText(deadlineMs: Milliseconds): Promise<string | null> {
    const answer = await this.#fetch('mutex?debug=1', deadlineMs);
    return answer.ok ? Buffer.from(answer.bytes).toString('utf8') : null;
  }
}

/** Null where the start of the phase has no snapshot, which is told by then. */
function growthOf(
  reading: SnapshotReading,
  base: Snapshot | undefined,
  types: readonly string[],
): Derived | null {
  if (base === undefined) return null;
  if (!reading.ok) return reading;
  // What is in use may fall; that another program answers shows in the counters beside it.
  const counters = subtractSnapshot(reading.snapshot, base, ['alloc_objects', 'alloc_space']);
  return counters.ok ? subtractLevels(reading.snapshot, base, types) : counters;
}
