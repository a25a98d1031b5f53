/** Parsers of the files in /proc that tell about a process. Pure; each answers null where a field is missing. */

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

/** VmRSS of /proc/PID/status in bytes; null for a process that has given its memory back (a zombie). */
export function parseResidentBytes(status: string): number | null {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * BYTES_PER_KIB;
}

export interface TaskCounters {
  readonly voluntaryContextSwitches: number;
  readonly involuntaryContextSwitches: number;
  /** Time spent runnable but waiting for a core. */
  readonly runQueueDelayMs: number;
}

/**
 * /proc/PID/task/TID/status and schedstat (on-CPU ns, run-queue delay ns, slices) of one thread.
 *
 * @param schedstat - null where the kernel has none; the delay is 0 then
 */
export function parseTask(status: string, schedstat: string | null): TaskCounters | null {
  const voluntary = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
  const involuntary = /^nonvoluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
  if (voluntary === undefined || involuntary === undefined) return null;
  const delayNs = Number(schedstat?.trim().split(/\s+/)[1] ?? 0);
  return {
    voluntaryContextSwitches: Number(voluntary),
    involuntaryContextSwitches: Number(involuntary),
    runQueueDelayMs: Number.isFinite(delayNs) ? delayNs / NANOS_PER_MS : 0,
  };
}

interface UdpSocketTotals {
  readonly sockets: number;
  readonly drops: number;
  readonly queueBytes: number;
}

/**
 * Adds up the sockets of /proc/net/udp or udp6 that are bound to a local port.
 *
 * Columns: sl, local_address (hex address:port), rem_address, st, tx_queue:rx_queue (hex), …, drops last.
 */
export function sumUdpSockets(table: string, port: number): UdpSocketTotals {
  let sockets = 0;
  let drops = 0;
  let queueBytes = 0;
  for (const row of table.split('\n').slice(1)) {
    const columns = row.trim().split(/\s+/);
    const localPort = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16);
    if (localPort !== port || columns.length < 13) continue;
    sockets += 1;
    drops += Number(columns.at(-1));
    queueBytes += Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16);
  }
  return { sockets, drops, queueBytes };
}
