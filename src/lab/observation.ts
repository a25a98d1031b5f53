import type { LoadRow, ProcessRow } from '../run.ts';
import type { Milliseconds, RunMilliseconds, Share } from '../units.ts';
import type { LabEvent } from './lab-event.ts';
import type { RunFolder } from './run-folder.ts';
import { readMachine } from './target/machine-sampler.ts';
import { startMemberSampler } from './target/member-sampler.ts';
import type { Target } from './target/open-target.ts';
import { type ProcessReading, type ProcessSampler, startProcessSampler } from './target/process-sampler.ts';
import { readServedSockets, type SocketCounters } from './target/served-sockets.ts';

/** How often the target is looked at, all along the run. */
const SAMPLING_INTERVAL_MS = 250;
/** Process rows that span about a second; the progress shows the CPU of that span. */
const ROWS_IN_A_SECOND = 1000 / SAMPLING_INTERVAL_MS;

export interface ObservationOptions {
  readonly folder: RunFolder;
  readonly target: Target;
  /** Planned length of all phases together. */
  readonly totalMs: Milliseconds;
  readonly now: () => RunMilliseconds;
  readonly onEvent: (event: LabEvent) => void;
  /** CPU time of what belongs to the lab and is not its process, such as load agents on this machine. Default: none. */
  readonly alliedCpuMs?: () => Milliseconds;
}

/** Writes the timeline: the target's process, its runtime and the load, each stamped by the run's clock. */
export class Observation {
  readonly #options: ObservationOptions;
  readonly #sampler: ProcessSampler | null;
  readonly #machineTimer: NodeJS.Timeout;
  readonly #socketTimer: NodeJS.Timeout | undefined;
  #processRows: ProcessRow[] = [];

  constructor(options: ObservationOptions) {
    this.#options = options;
    const { target, folder, now } = options;
    target.agent?.startSampling(SAMPLING_INTERVAL_MS, (reading) =>
      folder.appendRow({ ...reading, atMs: now() }),
    );
    this.#machineTimer = setInterval(() => this.#addMachine(), SAMPLING_INTERVAL_MS).unref();
    this.#addMachine();
    this.#sampler =
      target.members !== undefined
        ? startMemberSampler({
            members: target.members,
            intervalMs: SAMPLING_INTERVAL_MS,
            onRow: (reading) => this.#addProcess(reading),
            onMember: (reading) => folder.appendRow({ ...reading, atMs: now() }),
          })
        : target.pid === null
          ? null
          : startProcessSampler({
              pids: () => target.pids(),
              port: target.port,
              intervalMs: SAMPLING_INTERVAL_MS,
              onRow: (reading) => this.#addProcess(reading),
            });
    // A process's own rows have its sockets.
    if (target.pid === null)
      this.#socketTimer = setInterval(() => this.readSockets(), SAMPLING_INTERVAL_MS).unref();
  }

  /** Why there are no figures of the target's process; null where there are. */
  get unavailable(): string | null {
    if (this.#sampler === null) return 'No CPU and memory figures of the target: its process is not known.';
    return this.#sampler.unavailable;
  }

  /** Reads the target's sockets; to be called at both ends of each phase. Does nothing where they are not on this machine. */
  readSockets(): void {
    const { target, folder, now } = this.#options;
    if (target.record.network !== 'local') return;
    const read = (target.members ?? [target]).map(({ address, port }) => readServedSockets(address, port));
    const known = read.filter((counters) => counters !== null);
    if (known.length < read.length) return;
    const sum = (field: keyof SocketCounters): number => known.reduce((total, one) => total + one[field], 0);
    folder.appendRow({
      kind: 'socket',
      atMs: now(),
      socketDrops: sum('socketDrops'),
      socketQueueBytes: sum('socketQueueBytes'),
    });
  }

  /** To be called with every row of the load. */
  addLoad(row: LoadRow): void {
    this.#options.folder.appendRow(row);
    this.#options.onEvent({
      kind: 'second',
      row,
      elapsedMs: row.atMs,
      totalMs: this.#options.totalMs,
      targetCpuShare: this.#cpuShare(),
    });
  }

  stop(): void {
    clearInterval(this.#machineTimer);
    clearInterval(this.#socketTimer);
    this.#sampler?.stop();
    this.#options.target.agent?.stopSampling();
  }

  #addMachine(): void {
    const reading = readMachine();
    if (reading === null) return;
    const { folder, now, alliedCpuMs } = this.#options;
    folder.appendRow({ ...reading, labMs: reading.labMs + (alliedCpuMs?.() ?? 0), atMs: now() });
  }

  #addProcess(reading: ProcessReading): void {
    const row: ProcessRow = { ...reading, atMs: this.#options.now() };
    this.#options.folder.appendRow(row);
    this.#processRows = [...this.#processRows.slice(-ROWS_IN_A_SECOND), row];
  }

  #cpuShare(): Share | null {
    const [first, last] = [this.#processRows[0], this.#processRows.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
    const busyMs = last.cpuUserMs + last.cpuSystemMs - first.cpuUserMs - first.cpuSystemMs;
    return busyMs / (last.atMs - first.atMs);
  }
}
