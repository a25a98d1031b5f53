import type { ProcessRow } from '../../run.ts';
import {
  parseLineage,
  parseResidentBytes,
  parseStat,
  parseTask,
  parseUdpSockets,
  type TaskCounters,
  type ThreadState,
  type UdpSocketRow,
} from './proc-text.ts';
import { listProc, readProc } from './read-proc.ts';
import { v8HelperThreads } from './v8-helper-threads.ts';

/** A process row before the lab's clock has stamped it. */
export type ProcessReading = Omit<ProcessRow, 'atMs'>;

interface ProcessSamplerOptions {
  /** The target's processes that are alive; asked at each reading. */
  readonly pids: () => readonly number[];
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
 * Reads /proc at an interval, the first time at once, until {@link ProcessSampler.stop} or the end of the target's last
 * process. One reading of one process takes below a millisecond; it does not keep the lab alive.
 */
export function startProcessSampler(options: ProcessSamplerOptions): ProcessSampler {
  const reader = new ProcessReader(options.pids, options.port);
  const first = process.platform === 'linux' ? reader.read() : null;
  if (first === null) {
    const pids = options.pids();
    const reason =
      process.platform === 'linux'
        ? `${pids.length === 0 ? 'it has no process' : `process ${pids.join(', ')} has no entry`} in /proc`
        : `${process.platform} has no /proc`;
    return {
      unavailable: `No CPU, memory and socket figures of the target: ${reason}.`,
      stop: () => undefined,
    };
  }
  options.onRow(first);
  const timer = setInterval(function sampleProcesses() {
    const row = reader.read();
    if (row === null) clearInterval(timer);
    else options.onRow(row);
  }, options.intervalMs).unref();
  return { unavailable: null, stop: () => clearInterval(timer) };
}

/** The cumulative counters of one process as they were last seen. */
interface ProcessCounters {
  cpuUserMs: number;
  cpuSystemMs: number;
  readonly tasks: Map<string, TaskCounters>;
  /** Threads of V8's; null where none are known, or not yet. */
  v8Helpers: readonly string[] | null;
}

/** What a process has at the moment; gone with it. */
interface ProcessState {
  readonly rssBytes: number;
  readonly threads: number;
  readonly threadStates: readonly ThreadState[];
}

/** Reads the processes of a target and adds them up. Counters of processes and threads that have ended stay in the sums. */
export class ProcessReader {
  readonly #pids: () => readonly number[];
  readonly #port: number;
  /** By process id and start. */
  readonly #counters = new Map<string, ProcessCounters>();

  constructor(pids: () => readonly number[], port: number) {
    this.#pids = pids;
    this.#port = port;
  }

  /** Null where all processes are gone, or zombies. */
  read(): ProcessReading | null {
    const pids = this.#pids();
    const states = pids.map((pid) => this.#readProcess(pid)).filter((state) => state !== null);
    if (states.length === 0) return null;
    const processes = [...this.#counters.values()];
    const tasks = processes.flatMap((counters) => [...counters.tasks.values()]);
    const threads = states.flatMap((state) => state.threadStates);
    const inState = (wanted: ThreadState) => threads.filter((state) => state === wanted).length;
    return {
      kind: 'process',
      cpuUserMs: sumOf(processes, 'cpuUserMs'),
      cpuSystemMs: sumOf(processes, 'cpuSystemMs'),
      rssBytes: sumOf(states, 'rssBytes'),
      threads: sumOf(states, 'threads'),
      voluntaryContextSwitches: sumOf(tasks, 'voluntaryContextSwitches'),
      involuntaryContextSwitches: sumOf(tasks, 'involuntaryContextSwitches'),
      runQueueDelayMs: sumOf(tasks, 'runQueueDelayMs'),
      v8HelperCpuMs: helperCpuMs(processes),
      threadStates: {
        running: inState('running'),
        asleep: inState('asleep'),
        uninterruptible: inState('uninterruptible'),
      },
      ...readSockets(pids, this.#port),
    };
  }

  #readProcess(pid: number): ProcessState | null {
    const folder = `/proc/${pid}`;
    const statText = readProc(`${folder}/stat`);
    const stat = parseStat(statText);
    const lineage = parseLineage(statText);
    const rssBytes = parseResidentBytes(readProc(`${folder}/status`));
    if (stat === null || lineage === null || rssBytes === null) return null;
    const key = `${pid}@${lineage.startTicks}`;
    const counters = this.#counters.get(key) ?? newCounters();
    this.#counters.set(key, counters);
    counters.cpuUserMs = stat.cpuUserMs;
    counters.cpuSystemMs = stat.cpuSystemMs;
    const threadStates = readTasks(folder, counters.tasks);
    counters.v8Helpers ??= v8HelperThreads(pid, [...counters.tasks.keys()]);
    return { rssBytes, threads: stat.threads, threadStates };
  }
}

function newCounters(): ProcessCounters {
  return { cpuUserMs: 0, cpuSystemMs: 0, tasks: new Map(), v8Helpers: null };
}

/** Null where no process has helpers that are known. */
function helperCpuMs(processes: readonly ProcessCounters[]): number | null {
  const known = processes.flatMap(({ v8Helpers, tasks }) =>
    v8Helpers === null ? [] : v8Helpers.map((id) => tasks.get(id)?.cpuMs ?? 0),
  );
  return known.length === 0 ? null : known.reduce((sum, cpuMs) => sum + cpuMs, 0);
}

/** Brings the counters up to date and tells the states of the threads that are there. */
function readTasks(folder: string, counters: Map<string, TaskCounters>): ThreadState[] {
  const states: ThreadState[] = [];
  for (const id of listProc(`${folder}/task`) ?? []) {
    const task = parseTask(
      readProc(`${folder}/task/${id}/status`),
      readProc(`${folder}/task/${id}/schedstat`),
    );
    if (task === null) continue;
    counters.set(id, task);
    states.push(task.state);
  }
  return states;
}

/**
 * From the tables of the processes' own network namespaces: the first that has the port. The lab's own tables come last,
 * for a process of another user that does not let itself be looked into.
 */
function readSockets(
  pids: readonly number[],
  port: number,
): Pick<ProcessReading, 'socketDrops' | 'socketQueueBytes'> {
  for (const owner of [...pids, 'self']) {
    const sockets = ['udp', 'udp6'].flatMap((table): UdpSocketRow[] =>
      parseUdpSockets(readProc(`/proc/${owner}/net/${table}`)).filter((row) => row.port === port),
    );
    if (sockets.length > 0) {
      return { socketDrops: sumOf(sockets, 'drops'), socketQueueBytes: sumOf(sockets, 'queueBytes') };
    }
  }
  return { socketDrops: null, socketQueueBytes: null };
}

function sumOf<Field extends string>(rows: readonly Readonly<Record<Field, number>>[], field: Field): number {
  return rows.reduce((total, row) => total + row[field], 0);
}
