/**
 * The processes that belong to a target: the one that was started or named, and all that come from it. On Linux they are
 * found in /proc; elsewhere the first one stands for all.
 */
import { type Lineage, parseLineage } from './proc-text.ts';
import { listProc, readProc } from './read-proc.ts';

interface ProcessTreeOptions {
  /** Of the first process. */
  readonly pid: number;
  /**
   * `NAME=VALUE` in the environment of every process that belongs to it, unless that process cleaned its environment;
   * null: processes are told by their parents alone.
   */
  readonly marker: string | null;
  /** The first process leads a process group and a session of its own, so whoever is in one of them belongs to it. */
  readonly ownSession: boolean;
}

/** A process is told from a later one with the same id by its start. */
interface Member {
  readonly pid: number;
  readonly lineage: Lineage;
}

/** A scan of all processes costs milliseconds on a busy machine; descent from the known ones far less. */
export class ProcessTree {
  readonly #options: ProcessTreeOptions;
  readonly #startTicks = new Map<number, number>();

  constructor(options: ProcessTreeOptions) {
    this.#options = options;
    const root = readMember(options.pid);
    if (root !== null) this.#startTicks.set(root.pid, root.lineage.startTicks);
  }

  /** Process ids that are alive now, the first one first: those known before, and their descendants. */
  alive(): number[] {
    if (process.platform !== 'linux') return isAlive(this.#options.pid) ? [this.#options.pid] : [];
    const alive: number[] = [];
    for (const [pid, startTicks] of this.#startTicks) {
      const member = readMember(pid);
      if (member === null || member.lineage.startTicks !== startTicks) this.#startTicks.delete(pid);
      else if (!member.lineage.ended) alive.push(pid);
    }
    // The list grows while it is walked.
    for (let index = 0; index < alive.length; index++) {
      for (const pid of childrenOf(alive[index] as number)) {
        if (alive.includes(pid)) continue;
        const member = readMember(pid);
        if (member === null || member.lineage.ended) continue;
        this.#startTicks.set(pid, member.lineage.startTicks);
        alive.push(pid);
      }
    }
    return alive;
  }

  /**
   * As {@link alive}, after a scan of all processes for those that have left: a child whose parent has ended, or that
   * began a session of its own as a daemon does.
   */
  sweep(): number[] {
    if (process.platform !== 'linux') return this.alive();
    for (const name of listProc('/proc') ?? []) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || this.#startTicks.has(pid)) continue;
      const member = readMember(pid);
      if (member !== null && this.#belongs(member)) this.#startTicks.set(pid, member.lineage.startTicks);
    }
    return this.alive();
  }

  /** The process group of a process; null where it is gone, or not known. On other systems all are in that of the first. */
  groupOf(pid: number): number | null {
    if (process.platform !== 'linux') return this.#options.ownSession ? this.#options.pid : null;
    return readMember(pid)?.lineage.group ?? null;
  }

  #belongs({ pid, lineage }: Member): boolean {
    const { pid: root, marker, ownSession } = this.#options;
    if (ownSession && (lineage.group === root || lineage.session === root)) return true;
    return marker !== null && readProc(`/proc/${pid}/environ`).split('\0').includes(marker);
  }
}

function readMember(pid: number): Member | null {
  const lineage = parseLineage(readProc(`/proc/${pid}/stat`));
  return lineage === null ? null : { pid, lineage };
}

/** By the kernel's own list; where it keeps none (CONFIG_PROC_CHILDREN), by the parents of all processes. */
function childrenOf(pid: number): number[] {
  const threads = listProc(`/proc/${pid}/task`) ?? [];
  const children = threads.flatMap((thread) => numbersIn(readProc(`/proc/${pid}/task/${thread}/children`)));
  return children.length > 0 || kernelListsChildren() ? children : childrenByParent(pid);
}

function childrenByParent(pid: number): number[] {
  const all = (listProc('/proc') ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  return all.filter((other) => readMember(other)?.lineage.parentPid === pid);
}

let childrenListed: boolean | undefined;

function kernelListsChildren(): boolean {
  childrenListed ??= listProc(`/proc/${process.pid}/task/${process.pid}`)?.includes('children') ?? false;
  return childrenListed;
}

function numbersIn(text: string): number[] {
  return text.split(' ').filter(Boolean).map(Number);
}

/** Whether a process exists, on any system; a zombie does. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
