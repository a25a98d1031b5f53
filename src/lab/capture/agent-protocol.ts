/**
 * What the lab and the preload in the profiled program say to each other over Node's IPC channel or a local socket. Every message stands
 * under one field of its own, so that the program's own messages pass beside it.
 */
import type { MissingProfile, ProfileFile, ProfileKind, RuntimeReading } from './capture-types.ts';

/** The preload's settings, JSON of {@link AgentSettings}, in the environment of the profiled program. */
export const AGENT_ENVIRONMENT_VARIABLE = 'TRACKER_LAB_AGENT';

/** What has to be known before the program's first statement, hence not by message. */
export interface AgentSettings {
  /** Process id of the lab. Where there is no socket, the preload sleeps in any process with another parent. */
  readonly labPid: number;
  /**
   * Unix socket or named pipe of the lab, for the processes that come from a command: any of them may be the tracker, and
   * the lab says which. Null: the tracker is the direct child, by IPC.
   */
  readonly socketPath: string | null;
  /** Sample the live heap from the start of each thread; null: do not. */
  readonly liveHeap: { readonly intervalBytes: number } | null;
  /** End the program when the lab has died, so that it leaves nothing behind. */
  readonly stopWithLab: boolean;
}

/** Which profilers to start. A kind that is absent stays off. */
export interface ProfileRequest {
  readonly cpu?: { readonly intervalMicros: number };
  readonly allocations?: { readonly intervalBytes: number };
  readonly liveHeap?: { readonly intervalBytes: number };
  /** What is allocated from `afterMs` on and still alive at the stop; the profiler of allocations ends when it begins. */
  readonly heapGrowth?: { readonly intervalBytes: number; readonly afterMs: number };
}

/**
 * Mean time between CPU samples, so that CPU and allocation profiling together cost our own tracker, which is used up and calls
 * the kernel all the time, less than 5 % (docs/performance.md has what each costs; one a millisecond was above it). 6,600 samples of a busy thread in 10 s: a function with 1 % of them has 66 and is known to a fourth of its share at
 * 95 % confidence.
 */
export const DEFAULT_CPU_INTERVAL_MICROS = 1500;
/** Mean distance of sampled allocations. Measured: about 2.5 to 4 µs a sample, so 1 % of a core at 0.3 GB/s. */
export const DEFAULT_HEAP_INTERVAL_BYTES = 128 * 1024;

export type AgentRequest =
  | { readonly type: 'probe-profilers'; readonly id: number }
  | { readonly type: 'start-profiles'; readonly id: number; readonly request: ProfileRequest }
  | {
      readonly type: 'stop-profiles';
      readonly id: number;
      readonly directory: string;
      readonly phase: ProfileFile['phase'];
    }
  | { readonly type: 'start-sampling'; readonly intervalMs: number }
  | { readonly type: 'stop-sampling' };

export type AgentReply =
  | {
      readonly type: 'ready';
      readonly nodeVersion: string;
      readonly pid: number;
      /** Profilers that are on from the start. */
      readonly running: readonly ProfileKind[];
      /** The live-heap profiler that was asked for at the start and failed. */
      readonly missing: readonly MissingProfile[];
    }
  | { readonly type: 'profilers-probed'; readonly id: number; readonly missing: readonly MissingProfile[] }
  | { readonly type: 'profiles-started'; readonly id: number; readonly missing: readonly MissingProfile[] }
  | {
      readonly type: 'profiles-stopped';
      readonly id: number;
      readonly files: readonly ProfileFile[];
      readonly missing: readonly MissingProfile[];
    }
  /** The preload itself failed; the program goes on. */
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'row'; readonly row: RuntimeReading };

interface Envelope<Payload> {
  readonly trackerLabAgent: Payload;
}

/** Puts a message under the agent's own field. */
export function wrapAgentMessage<Payload>(payload: Payload): Envelope<Payload> {
  return { trackerLabAgent: payload };
}

function unwrap(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || !('trackerLabAgent' in message)) return undefined;
  return message.trackerLabAgent;
}

/** The agent's message in `message`; undefined where it is the program's own. */
export function unwrapAgentReply(message: unknown): AgentReply | undefined {
  return unwrap(message) as AgentReply | undefined;
}

/** The lab's message in `message`; undefined where it is the program's own. */
export function unwrapAgentRequest(message: unknown): AgentRequest | undefined {
  return unwrap(message) as AgentRequest | undefined;
}

/** Short kinds by name, in the order in which a report lists them. */
export function requestedKinds(request: ProfileRequest): ProfileKind[] {
  const kinds: ProfileKind[] = [];
  if (request.cpu) kinds.push('cpu');
  if (request.allocations) kinds.push('allocations');
  if (request.liveHeap) kinds.push('live-heap');
  if (request.heapGrowth) kinds.push('heap-growth');
  return kinds;
}
