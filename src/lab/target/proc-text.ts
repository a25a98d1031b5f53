/** Parsers of the files in /proc that tell about a process. Pure; each answers null where a field is missing. */
import type { Milliseconds } from '../../units.ts';

/** The kernel's clock tick as user space sees it, 100 a second on every Linux port. @see man 7 time, USER_HZ */
const TICK_MS = 10;
const BYTES_PER_KIB = 1024;
const NANOS_PER_MS = 1e6;

interface ProcStat {
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly threads: number;
}

/** /proc/PID/stat. @see man 5 proc_pid_stat: utime is field 14, stime 15, num_threads 20 */
export function parseStat(text: string): ProcStat | null {
  // The name (field 2) stands in brackets and may itself hold blanks and brackets; field 3 follows the last bracket.
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  const [user, system, threads] = [fields[11], fields[12], fields[17]].map(Number);
  if (!isCount(user) || !isCount(system) || !isCount(threads)) return null;
  return { cpuUserMs: user * TICK_MS, cpuSystemMs: system * TICK_MS, threads };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

/** Where a process stands among the others. */
export interface Lineage {
  readonly parentPid: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks from the machine's start to its own; tells it from a later process with the same id. */
  readonly startTicks: number;
  /** Nobody has asked for its exit code yet, or it is on its way out: it runs no more. */
  readonly ended: boolean;
}

/** /proc/PID/stat. @see man 5 proc_pid_stat: state is field 3, ppid 4, pgrp 5, session 6, starttime 22 */
export function parseLineage(text: string): Lineage | null {
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  const [parentPid, group, session, startTicks] = [fields[1], fields[2], fields[3], fields[19]].map(Number);
  if (!isCount(parentPid) || !isCount(group) || !isCount(session) || !isCount(startTicks)) return null;
  return { parentPid, group, session, startTicks, ended: /^[ZXx]$/.test(fields[0] ?? '') };
}

/** VmRSS of /proc/PID/status in bytes; null for a process that has given its memory back (a zombie). */
export function parseResidentBytes(status: string): number | null {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * BYTES_PER_KIB;
}

/** What a thread does at the moment. Others are stopped, traced or at their end. */
export type ThreadState = 'running' | 'asleep' | 'uninterruptible' | 'other';

/** @see man 5 proc_pid_stat, field 3; `I` is a kernel thread without work. */
const threadStates: Readonly<Record<string, ThreadState>> = {
  R: 'running',
  S: 'asleep',
  I: 'asleep',
  D: 'uninterruptible',
};

export interface TaskCounters {
  readonly voluntaryContextSwitches: number;
  readonly involuntaryContextSwitches: number;
  /** Time on a core; 0 where the kernel does not tell. */
  readonly cpuMs: number;
  /** Time spent runnable but waiting for a core. */
  readonly runQueueDelayMs: number;
}

interface TaskReading extends TaskCounters {
  readonly state: ThreadState;
}

/**
 * /proc/PID/task/TID/status and schedstat (on-CPU ns, run-queue delay ns, slices) of one thread.
 *
 * @param schedstat - null where the kernel has none; both times are 0 then
 */
export function parseTask(status: string, schedstat: string | null): TaskReading | null {
  const voluntary = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
  const involuntary = /^nonvoluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
  if (voluntary === undefined || involuntary === undefined) return null;
  const [cpuNs = 0, delayNs = 0] = (schedstat ?? '').trim().split(/\s+/).map(Number);
  return {
    voluntaryContextSwitches: Number(voluntary),
    involuntaryContextSwitches: Number(involuntary),
    cpuMs: Number.isFinite(cpuNs) ? cpuNs / NANOS_PER_MS : 0,
    runQueueDelayMs: Number.isFinite(delayNs) ? delayNs / NANOS_PER_MS : 0,
    state: threadStates[/^State:\s+(\w)/m.exec(status)?.[1] ?? ''] ?? 'other',
  };
}

/** One row of /proc/net/udp or udp6. */
export interface UdpSocketRow {
  /** As the kernel prints it: hexadecimal, each word in the machine's byte order. */
  readonly address: string;
  /** Local port. */
  readonly port: number;
  /** Names the socket: a process that has it open has a link to `socket:[INODE]` in /proc/PID/fd. */
  readonly inode: string;
  readonly drops: number;
  readonly queueBytes: number;
}

/**
 * Columns: sl, local_address (hex address:port), rem_address, st, tx_queue:rx_queue (hex), tr:tm->when, retrnsmt, uid,
 * timeout, inode, ref, pointer, drops. Rows that cannot be read are left out.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export function parseUdpSockets(table: string): UdpSocketRow[] {
  const rows: UdpSocketRow[] = [];
  for (const row of table.split('\n').slice(1)) {
    const columns = row.trim().split(/\s+/);
    const [address = '', portHex = ''] = columns[1]?.split(':') ?? [];
    const port = Number.parseInt(portHex, 16);
    if (Number.isNaN(port) || columns.length < 13) continue;
    rows.push({
      address,
      port,
      inode: columns[9] as string,
      drops: Number(columns.at(-1)),
      queueBytes: Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16),
    });
  }
  return rows;
}

/** A reading of the whole machine's CPU time, all cores added up since its start. */
interface MachineCpu {
  readonly busyMs: number;
  readonly interruptMs: number;
  readonly stolenMs: number;
}

/**
 * The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice. Waiting for a disk is
 * idle time.
 *
 * What was busy is told by what was not idle: a kernel without ticks in its sleep (CONFIG_NO_HZ) measures idle time by the clock,
 * while it counts user and system time by who runs at each tick. A load that wakes up in step with the ticks is then counted
 * always or never: of 3.4 s of CPU time that was used 0.27 s stood there, and in another run a third more than was used.
 *
 * @param clockMs - the monotonic clock at the reading
 * @see man 5 proc_stat
 */
export function parseMachineCpu(stat: string, clockMs: Milliseconds): MachineCpu | null {
  const fields = /^cpu\s+(.+)$/m.exec(stat)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  const [, , , idle, iowait, irq, softirq, steal] = fields;
  const cores = stat.match(/^cpu\d+\s/gm)?.length ?? 0;
  if (cores === 0 || !isCount(idle)) return null;
  const interruptMs = ((irq ?? 0) + (softirq ?? 0)) * TICK_MS;
  const stolenMs = (steal ?? 0) * TICK_MS;
  const idleMs = (idle + (iowait ?? 0)) * TICK_MS;
  return { busyMs: cores * clockMs - idleMs - interruptMs - stolenMs, interruptMs, stolenMs };
}
