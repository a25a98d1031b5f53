import type { MemberRow } from '../../run.ts';
import type { Target } from './open-target.ts';
import { ProcessReader, type ProcessReading, type ProcessSampler } from './process-sampler.ts';

interface MemberSamplerOptions {
  /** The trackers of a target that is several. */
  readonly members: readonly Pick<Target, 'pid' | 'pids' | 'port' | 'record'>[];
  readonly intervalMs: number;
  /** All together; never where the process of one is not known. */
  readonly onRow: (row: ProcessReading) => void;
  /** Each by itself whose process is known. */
  readonly onMember: (row: Omit<MemberRow, 'atMs'>) => void;
}

/**
 * Reads /proc for each of several trackers at an interval, the first time at once. One that has ended is no longer in the sum, so that
 * from then on there is none.
 */
export function startMemberSampler({
  members,
  intervalMs,
  onRow,
  onMember,
}: MemberSamplerOptions): ProcessSampler {
  const readers = members.map(({ pid, pids, port }) => (pid === null ? null : new ProcessReader(pids, port)));
  function sampleMembers(): void {
    const readings = readers.map((reader) => reader?.read() ?? null);
    readings.forEach((reading, member) => {
      if (reading === null) return;
      const { cpuUserMs, cpuSystemMs, rssBytes, socketDrops, socketQueueBytes } = reading;
      onMember({ kind: 'member', member, cpuUserMs, cpuSystemMs, rssBytes, socketDrops, socketQueueBytes });
    });
    const known = readings.filter((reading) => reading !== null);
    if (known.length === members.length) onRow(sumOf(known));
  }
  if (readers.every((reader) => reader === null)) {
    return {
      unavailable: 'No CPU and memory figures of the targets: their processes are not known.',
      stop: () => undefined,
    };
  }
  sampleMembers();
  const timer = setInterval(sampleMembers, intervalMs).unref();
  const unknown = members.filter(({ pid }) => pid === null).map(({ record }) => record.address);
  return {
    unavailable:
      unknown.length === 0
        ? null
        : `No CPU and memory figures of all targets together: the process of ${unknown.join(', ')} is not known.`,
    stop: () => clearInterval(timer),
  };
}

/** One reading of some. */
function sumOf(readings: readonly ProcessReading[]): ProcessReading {
  const sum = (of: (reading: ProcessReading) => number): number =>
    readings.reduce((total, reading) => total + of(reading), 0);
  const sumKnown = (of: (reading: ProcessReading) => number | null): number | null =>
    readings.some((reading) => of(reading) === null) ? null : sum((reading) => of(reading) as number);
  return {
    kind: 'process',
    cpuUserMs: sum((one) => one.cpuUserMs),
    cpuSystemMs: sum((one) => one.cpuSystemMs),
    rssBytes: sum((one) => one.rssBytes),
    threads: sum((one) => one.threads),
    voluntaryContextSwitches: sum((one) => one.voluntaryContextSwitches),
    involuntaryContextSwitches: sum((one) => one.involuntaryContextSwitches),
    runQueueDelayMs: sum((one) => one.runQueueDelayMs),
    threadStates: {
      running: sum((one) => one.threadStates.running),
      asleep: sum((one) => one.threadStates.asleep),
      uninterruptible: sum((one) => one.threadStates.uninterruptible),
    },
    socketDrops: sumKnown((one) => one.socketDrops),
    socketQueueBytes: sumKnown((one) => one.socketQueueBytes),
  };
}
