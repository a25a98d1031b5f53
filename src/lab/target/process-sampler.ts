import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessRow } from '../../run.ts';
import { parseResidentBytes, parseStat, parseTask, sumUdpSockets, type TaskCounters } from './proc-text.ts';

/** A process row before the lab's clock has stamped it. */
export type ProcessReading = Omit<ProcessRow, 'atMs'>;

interface ProcessSamplerOptions {
  readonly pid: number;
  /** The UDP port that the target serves. */
  readonly port: number;
  readonly intervalMs: number;
  readonly onRow: (row: ProcessReading) => void;
}

export interface ProcessSampler {
  /** Why there are no rows on this machine; null where there are. */
  readonly unavailable: string | null;
  stop(): void;
}

/**
 * Reads /proc at an interval, the first time at once, until {@link ProcessSampler.stop} or the target's end. One reading
 * takes below a millisecond; it does not keep the lab alive.
 */
export function startProcessSampler(options: ProcessSamplerOptions): ProcessSampler {
  const reader = new ProcessReader(options.pid, options.port);
  const first = process.platform === 'linux' ? reader.read() : null;
  if (first === null) {
    const reason =
      process.platform === 'linux'
        ? `process ${options.pid} has no entry in /proc`
        : `${process.platform} has no /proc`;
    return {
      unavailable: `No CPU, memory and socket figures of the target: ${reason}.`,
      stop: () => undefined,
    };
  }
  options.onRow(first);
  const timer = setInterval(function sampleProcess() {
    const row = reader.read();
    if (row === null) clearInterval(timer);
    else options.onRow(row);
  }, options.intervalMs).unref();
  return { unavailable: null, stop: () => clearInterval(timer) };
}

/** Reads one process. Counters of threads that have ended stay in the sums. */
export class ProcessReader {
  readonly #folder: string;
  readonly #port: number;
  readonly #tasks = new Map<string, TaskCounters>();

  constructor(pid: number, port: number) {
    this.#folder = `/proc/${pid}`;
    this.#port = port;
  }

  /** Null where the process is gone, or a zombie. */
  read(): ProcessReading | null {
    const stat = parseStat(readOrEmpty(`${this.#folder}/stat`));
    const rssBytes = parseResidentBytes(readOrEmpty(`${this.#folder}/status`));
    if (stat === null || rssBytes === null) return null;
    this.#readTasks();
    const tasks = [...this.#tasks.values()];
    const sum = (field: keyof TaskCounters) => tasks.reduce((total, task) => total + task[field], 0);
    return {
      kind: 'process',
      ...stat,
      rssBytes,
      voluntaryContextSwitches: sum('voluntaryContextSwitches'),
      involuntaryContextSwitches: sum('involuntaryContextSwitches'),
      runQueueDelayMs: sum('runQueueDelayMs'),
      ...this.#readSockets(),
    };
  }

  #readTasks(): void {
    for (const id of listOrEmpty(`${this.#folder}/task`)) {
      const folder = `${this.#folder}/task/${id}`;
      const task = parseTask(readOrEmpty(`${folder}/status`), readOrEmpty(`${folder}/schedstat`));
      if (task) this.#tasks.set(id, task);
    }
  }

  /** The tables of the target's own network namespace. */
  #readSockets(): Pick<ProcessReading, 'socketDrops' | 'socketQueueBytes'> {
    const totals = ['udp', 'udp6'].map((table) =>
      sumUdpSockets(readOrEmpty(`${this.#folder}/net/${table}`), this.#port),
    );
    if (totals.every(({ sockets }) => sockets === 0)) return { socketDrops: null, socketQueueBytes: null };
    return {
      socketDrops: totals.reduce((total, { drops }) => total + drops, 0),
      socketQueueBytes: totals.reduce((total, { queueBytes }) => total + queueBytes, 0),
    };
  }
}

/** The process or thread may end between two reads. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function listOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
