import type { TargetExit, TargetRecord } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';
import { DEFAULT_HEAP_INTERVAL_BYTES } from '../capture/agent-protocol.ts';
import type { NodeAgent } from '../capture/node-agent-client.ts';
import { addressTarget, parseTargetAddress, refuseRemote } from './address-target.ts';
import { freeAddress, startCommandTarget } from './command-target.ts';
import { startOwnTracker } from './own-tracker.ts';
import { parseCommand } from './parse-command.ts';
import { severalTargets } from './several-targets.ts';

/** Over 127.0.0.0/8 the load comes from several source addresses; ::1 is only one. */
const OWN_TRACKER_HOST = '127.0.0.1';

/** Which tracker a run measures. */
export type TargetSpec =
  /**
   * This package's tracker, started by the lab, with the given kind of socket and number of threads that serve. `host`: the
   * address that it serves, where that is not 127.0.0.1.
   */
  | {
      readonly kind: 'own';
      readonly socket: 'dgram' | 'batched' | 'auto';
      readonly workers: number;
      readonly host?: string;
    }
  /** Any program, started by the lab, that serves `udp://HOST:PORT`. */
  | {
      readonly kind: 'command';
      /** As the operator wrote it; split into words without a shell. */
      readonly command: string;
      /** Working folder; null: the lab's. */
      readonly cwd: string | null;
      /** Added to the lab's own environment. */
      readonly environment: Readonly<Record<string, string>>;
      readonly url: string;
      readonly allowRemote: boolean;
    }
  | AddressSpec
  /** Two or more of them, over which the load is spread. */
  | { readonly kind: 'several'; readonly members: readonly AddressSpec[] };

/** `udp://HOST:PORT` of a tracker that runs already. */
export interface AddressSpec {
  readonly kind: 'address';
  readonly url: string;
  readonly allowRemote: boolean;
  /** Its process on this machine, where the operator names it. */
  readonly pid?: number | null;
}

/** How a target that the lab stops has ended. */
export interface TargetEnd {
  readonly exit: TargetExit;
  /** The tracker's own counters; null where it told none. */
  readonly counters: Readonly<Record<string, number>> | null;
}

/** A tracker that is ready to be loaded. */
export interface Target {
  readonly record: TargetRecord;
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Null where the process is not known. */
  readonly pid: number | null;
  /** All its processes that are alive now, the first one first; none where they are not known. */
  pids(): readonly number[];
  /** What the operator should know of the target, one sentence each. */
  readonly notes: readonly string[];
  /** The way to its profilers; null where there is none. */
  readonly agent: NodeAgent | null;
  /** Resolves with its end; null where the lab did not start it. */
  readonly exited: Promise<TargetExit> | null;
  /** The trackers of a target that is several, two or more; absent: it is one. Its own address is that of the first. */
  readonly members?: readonly Target[];
  /**
   * Stops it if the lab started it; resolves with null where it did not.
   *
   * @param graceMs - from SIGTERM to SIGKILL. Default: 3 seconds
   */
  stop(graceMs?: Milliseconds): Promise<TargetEnd | null>;
}

export interface OpenTargetOptions {
  /** Cores of a target that the lab starts; null: not pinned. */
  readonly cpus: string | null;
  /** Sample the live heap from its start. */
  readonly liveHeap: boolean;
  /** Options for Node that a Node target is started with, for example those that perf needs. Default: none. */
  readonly nodeFlags?: readonly string[];
  /** Told when the target loses a part of itself while it runs, in one sentence. */
  readonly onLoss?: (text: string) => void;
  readonly abort: AbortSignal;
}

/**
 * What can be said of a target before anything is done: its address and command can be read, and nothing serves yet where
 * a command will.
 *
 * @throws LabError `BAD_TARGET`, `BAD_COMMAND`; of a command `HOST_NOT_FOUND`, `REMOTE_TARGET`, `ADDRESS_TAKEN` too
 */
export async function checkTarget(spec: TargetSpec): Promise<void> {
  if (spec.kind === 'own') return;
  if (spec.kind === 'several') {
    await Promise.all(spec.members.map(checkTarget));
    return;
  }
  parseTargetAddress(spec.url);
  if (spec.kind !== 'command') return;
  parseCommand(spec.command);
  await freeAddress(spec);
}

/**
 * Starts the target, or finds it.
 *
 * @throws LabError `TRACKER_NOT_READY`, `PORT_IN_USE`, `ADDRESS_TAKEN`, `BAD_COMMAND`, `BAD_FOLDER`, `BAD_TARGET`,
 * `HOST_NOT_FOUND`, `NO_SUCH_PROCESS`, `MIXED_TARGETS`, or `REMOTE_TARGET` where a target off this machine was not allowed
 */
export async function openTarget(spec: TargetSpec, options: OpenTargetOptions): Promise<Target> {
  if (spec.kind === 'several') return severalTargets(await Promise.all(spec.members.map(findTarget)));
  if (spec.kind === 'address') return findTarget(spec);
  const { cpus, abort, nodeFlags = [] } = options;
  const liveHeap = options.liveHeap ? { intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES } : null;
  if (spec.kind === 'command') return startCommandTarget({ ...spec, cpus, liveHeap, nodeFlags, abort });
  return startOwnTracker({
    args: [
      '--host',
      spec.host ?? OWN_TRACKER_HOST,
      '--socket',
      spec.socket,
      '--workers',
      String(spec.workers),
    ],
    nodeArgs: nodeFlags,
    cpus,
    liveHeap,
    ...(options.onLoss === undefined ? {} : { onLoss: options.onLoss }),
    abort,
  });
}

async function findTarget({ url, allowRemote, pid }: AddressSpec): Promise<Target> {
  const found = await addressTarget(url, pid);
  refuseRemote(url, found.address, allowRemote);
  return { ...found, agent: null, exited: null, stop: () => Promise.resolve(null) };
}
