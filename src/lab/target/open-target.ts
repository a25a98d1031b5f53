import { LabError } from '../../errors.ts';
import type { TargetExit, TargetRecord } from '../../run.ts';
import { DEFAULT_HEAP_INTERVAL_BYTES } from '../capture/agent-protocol.ts';
import type { NodeAgent } from '../capture/node-agent-client.ts';
import { addressTarget } from './address-target.ts';
import { startOwnTracker } from './own-tracker.ts';

/** Over 127.0.0.0/8 the load comes from several source addresses; ::1 is only one. */
const OWN_TRACKER_HOST = '127.0.0.1';

/** Which tracker a run measures. */
export type TargetSpec =
  /** This package's tracker, started by the lab, with the given kind of socket. */
  | { readonly kind: 'own'; readonly socket: 'dgram' | 'batched' | 'auto' }
  /** `udp://HOST:PORT` of one that runs already. */
  | { readonly kind: 'address'; readonly url: string; readonly allowRemote: boolean };

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
  /** The way to its profilers; null where there is none. */
  readonly agent: NodeAgent | null;
  /** Resolves with its end; null where the lab did not start it. */
  readonly exited: Promise<TargetExit> | null;
  /** Stops it if the lab started it; resolves with null where it did not. */
  stop(): Promise<TargetEnd | null>;
}

export interface OpenTargetOptions {
  /** Cores of a target that the lab starts; null: not pinned. */
  readonly cpus: string | null;
  /** Sample the live heap from its start. */
  readonly liveHeap: boolean;
  readonly abort: AbortSignal;
}

/**
 * Starts the target, or finds it.
 *
 * @throws LabError `TRACKER_NOT_READY`, `PORT_IN_USE`, `BAD_TARGET`, `HOST_NOT_FOUND`, or `REMOTE_TARGET` where a target
 * off this machine was not allowed
 */
export async function openTarget(spec: TargetSpec, options: OpenTargetOptions): Promise<Target> {
  if (spec.kind === 'own') {
    return startOwnTracker({
      args: ['--host', OWN_TRACKER_HOST, '--socket', spec.socket],
      cpus: options.cpus,
      liveHeap: options.liveHeap ? { intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES } : null,
      abort: options.abort,
    });
  }
  const found = await addressTarget(spec.url);
  if (found.record.network === 'remote' && !spec.allowRemote) {
    throw new LabError({
      code: 'REMOTE_TARGET',
      message: `${spec.url} is not on this machine (${found.address})`,
      hint: 'pass --allow-remote if the tracker is yours to load',
    });
  }
  return { ...found, pid: null, agent: null, exited: null, stop: () => Promise.resolve(null) };
}
