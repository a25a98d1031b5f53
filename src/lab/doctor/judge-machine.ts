/** Whether a machine is fit for a lab. Pure: readings in, checks out. */
import type { MachineReadings } from './machine-readings.ts';

/** `fail`: no run is possible. `warn`: a run is possible, with the limits that `matter` tells. */
type CheckState = 'ok' | 'warn' | 'fail';

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly found: string;
  readonly wanted: string;
  /** What it is good for, or what is lost. */
  readonly matter: string;
  /** The command that mends it; null where all is well, or where no command can. */
  readonly mend: string | null;
}

/** `engines` in package.json. */
const LEAST_NODE = [20, 19] as const;
/** What the lab's sockets ask for. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Four sockets a load thread, at most 64 threads, and what Node and the profilers have open. */
const ENOUGH_FILES = 1024;
/** Four load threads of four sockets each, and the rest of a run (20 files with one load thread, measured). */
const LEAST_FILES = 64;
/** From here on perf measures neither kernel nor processes of others without a capability. @see man 2 perf_event_open */
const PARANOID_WITHOUT_KERNEL = 2;
/** Debian's and Ubuntu's own level: perf is refused to all without a capability. */
const PARANOID_WITHOUT_PERF = 3;
/** @see man 7 capabilities, `<linux/capability.h>` */
const Capability = { netAdmin: 12, sysAdmin: 21, perfmon: 38 } as const;
/** A tenth of a core in other hands is a tenth of what a tracker with one thread can do. */
const QUIET_CORES = 0.1;
/** A run leaves 0.3 to 0.5 MB (measured, without perf): room for some hundreds of runs, and for a few. */
const ENOUGH_BYTES = 200e6;
const LEAST_BYTES = 10e6;

/** One check for each thing that a lab needs, in a fixed order. */
export function judgeMachine(machine: MachineReadings): Check[] {
  return [
    node(machine),
    cores(machine),
    taskset(machine),
    otherLoad(machine),
    governor(machine),
    proc(machine),
    batchedSockets(machine),
    receiveBuffer(machine),
    openFiles(machine),
    perf(machine),
    perfPermission(machine),
    outFolder(machine),
  ];
}

function node({ nodeVersion }: MachineReadings): Check {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return {
    name: 'Node.js',
    state: isEnough ? 'ok' : 'fail',
    found: nodeVersion,
    wanted: `${LEAST_NODE.join('.')} or later`,
    matter: 'runs the lab and its tracker',
    mend: isEnough ? null : 'nvm install 22',
  };
}

function cores({ allowedCpus, cpuCount }: MachineReadings): Check {
  const isEnough = allowedCpus.length >= 2;
  return {
    name: 'cores',
    state: isEnough ? 'ok' : 'warn',
    found: `${allowedCpus.length} of ${cpuCount} may be used`,
    wanted: '2 or more',
    matter: isEnough
      ? 'tracker and generator have cores of their own'
      : 'tracker and generator share a core: the figures are those of both',
    mend: isEnough || cpuCount < 2 ? null : `taskset -p -c 0-${cpuCount - 1} $$`,
  };
}

function taskset({ tasksetObstacle }: MachineReadings): Check {
  return {
    name: 'taskset',
    state: tasksetObstacle === null ? 'ok' : 'warn',
    found: tasksetObstacle ?? 'present',
    wanted: 'present',
    matter: 'keeps tracker and generator on different cores',
    mend: tasksetObstacle === null ? null : 'sudo apt-get install util-linux',
  };
}

function otherLoad({ othersBusyCores }: MachineReadings): Check {
  const isQuiet = othersBusyCores === null || othersBusyCores <= QUIET_CORES;
  return {
    name: 'other load',
    state: isQuiet ? 'ok' : 'warn',
    found: othersBusyCores === null ? 'not told' : `${othersBusyCores.toFixed(2)} cores busy`,
    wanted: `at most ${QUIET_CORES} cores`,
    matter: isQuiet ? 'the cores are free' : 'others take CPU time away: figures are lower and vary',
    mend: isQuiet ? null : 'top -o %CPU',
  };
}

function governor({ governors }: MachineReadings): Check {
  const isSteady = governors.every((name) => name === 'performance');
  return {
    name: 'CPU governor',
    state: isSteady ? 'ok' : 'warn',
    found: governors.length === 0 ? 'none told, as in most virtual machines' : governors.join(', '),
    wanted: 'performance',
    matter: isSteady ? 'the clock does not follow the load' : 'the clock follows the load: runs differ',
    mend: isSteady ? null : 'sudo cpupower frequency-set --governor performance',
  };
}

function proc({ hasProc }: MachineReadings): Check {
  return {
    name: '/proc',
    state: hasProc ? 'ok' : 'warn',
    found: hasProc ? 'present' : 'missing',
    wanted: 'present',
    matter: hasProc
      ? "tells CPU, memory and lost datagrams of the tracker's process"
      : "CPU, memory and lost datagrams of the tracker are not measured; they need Linux's /proc",
    mend: null,
  };
}

function batchedSockets({ batchedObstacle }: MachineReadings): Check {
  return {
    name: 'batched sockets',
    state: batchedObstacle === null ? 'ok' : 'warn',
    found: batchedObstacle ?? 'recvmmsg and sendmmsg through koffi',
    wanted: 'recvmmsg and sendmmsg',
    matter:
      batchedObstacle === null
        ? 'the generator outruns most trackers'
        : 'the generator sends one datagram a call, and a fast tracker outruns it',
    mend: batchedObstacle?.includes('koffi') ? 'npm install koffi' : null,
  };
}

function receiveBuffer({ receiveBufferMaxBytes, batchedObstacle, capabilities }: MachineReadings): Check {
  // SO_RCVBUFFORCE, which only the batched socket knows, goes past the limit.
  const isForced = batchedObstacle === null && capabilities.has(Capability.netAdmin);
  const isEnough = receiveBufferMaxBytes === null || receiveBufferMaxBytes >= RECEIVE_BUFFER_BYTES;
  const limit = receiveBufferMaxBytes === null ? 'not told' : `${formatBytes(receiveBufferMaxBytes)}`;
  return {
    name: 'receive buffer',
    state: isEnough || isForced ? 'ok' : 'warn',
    found: isForced && !isEnough ? `${limit}, passed over by CAP_NET_ADMIN` : limit,
    wanted: `${formatBytes(RECEIVE_BUFFER_BYTES)} or more (net.core.rmem_max)`,
    matter:
      isEnough || isForced
        ? 'bursts fit into the sockets'
        : 'the kernel drops datagrams in a burst, at the tracker and at the generator',
    mend: isEnough || isForced ? null : `sudo sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}`,
  };
}

function openFiles({ openFiles: limit }: MachineReadings): Check {
  const soft = limit?.soft ?? Number.POSITIVE_INFINITY;
  const isEnough = soft >= ENOUGH_FILES;
  const mostFiles = Math.min(limit?.hard ?? ENOUGH_FILES, 65_536);
  return {
    name: 'open files',
    state: isEnough ? 'ok' : soft < LEAST_FILES ? 'fail' : 'warn',
    found: limit === null ? 'not told' : soft === Number.POSITIVE_INFINITY ? 'unlimited' : String(soft),
    wanted: `${ENOUGH_FILES} or more`,
    matter: isEnough ? 'sockets and profiles can be opened' : 'many load threads run out of sockets',
    mend: isEnough
      ? null
      : mostFiles >= ENOUGH_FILES
        ? `ulimit -n ${mostFiles}`
        : `sudo prlimit --pid $$ --nofile=${ENOUGH_FILES}`,
  };
}

function perf({ perfVersion, distributions }: MachineReadings): Check {
  const isThere = perfVersion !== null;
  return {
    name: 'perf',
    state: isThere ? 'ok' : 'warn',
    found: perfVersion ?? 'not installed',
    wanted: 'installed, for --perf',
    matter: isThere
      ? 'native and kernel frames can be profiled'
      : 'without it, no native or kernel frames, and no profile of a tracker that is not Node.js or Go',
    mend: isThere ? null : installPerf(distributions),
  };
}

function installPerf(distributions: readonly string[]): string {
  if (distributions.includes('ubuntu'))
    return 'sudo apt-get install linux-tools-common linux-tools-$(uname -r)';
  if (distributions.includes('debian')) return 'sudo apt-get install linux-perf';
  if (distributions.includes('fedora')) return 'sudo dnf install perf';
  if (distributions.includes('arch')) return 'sudo pacman -S perf';
  if (distributions.includes('alpine')) return 'sudo apk add perf';
  return "install the package perf (linux-perf, linux-tools) by the system's package manager";
}

function perfPermission({ perfEventParanoid, capabilities }: MachineReadings): Check {
  const isAbove = capabilities.has(Capability.perfmon) || capabilities.has(Capability.sysAdmin);
  const level = perfEventParanoid;
  const isFree = isAbove || (level !== null && level < PARANOID_WITHOUT_KERNEL);
  return {
    name: 'perf permission',
    state: isFree ? 'ok' : 'warn',
    found:
      level === null
        ? 'not told'
        : `kernel.perf_event_paranoid = ${level}${isAbove ? ', passed over by a capability' : ''}`,
    wanted: `below ${PARANOID_WITHOUT_KERNEL}, or CAP_PERFMON`,
    matter: isFree
      ? 'perf sees user and kernel frames'
      : level === null
        ? 'there is no perf on this system'
        : level >= PARANOID_WITHOUT_PERF
          ? 'perf is refused'
          : 'perf sees no kernel frames',
    mend: isFree || level === null ? null : 'sudo sysctl -w kernel.perf_event_paranoid=1',
  };
}

function outFolder({ out }: MachineReadings): Check {
  const free = out.freeBytes ?? Number.POSITIVE_INFINITY;
  const isTight = free < ENOUGH_BYTES;
  const room = out.freeBytes === null ? 'free space not told' : `${formatBytes(out.freeBytes)} free`;
  return {
    name: 'results folder',
    state: out.obstacle !== null || free < LEAST_BYTES ? 'fail' : isTight ? 'warn' : 'ok',
    found: out.obstacle === null ? `${out.directory}: ${room}` : `${out.nearest}: ${out.obstacle}`,
    wanted: `writable, ${formatBytes(ENOUGH_BYTES)} free`,
    matter: 'a run leaves about half a megabyte, with perf more; --out DIR names another folder',
    mend: mendFolder(out, isTight),
  };
}

function mendFolder({ obstacle, nearest }: MachineReadings['out'], isTight: boolean): string | null {
  if (obstacle === 'not a folder') return null;
  if (obstacle === 'not writable') return `sudo chown "$USER" ${shellWord(nearest)}`;
  return isTight ? `du -sh ${shellWord(nearest)}/* | sort -h` : null;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const byteUnits = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

function formatBytes(bytes: number): string {
  const unit = byteUnits.find(([, size]) => bytes >= size);
  return unit === undefined ? `${bytes} bytes` : `${Number((bytes / unit[1]).toFixed(1))} ${unit[0]}`;
}
