import type { ChildProcess } from 'node:child_process';
import { LabError } from '../../errors.ts';
import {
  type AgentReply,
  type AgentRequest,
  type ProfileRequest,
  requestedKinds,
  unwrapAgentReply,
  wrapAgentMessage,
} from './agent-protocol.ts';
import type { MissingProfile, ProfileFile, ProfileKind, RuntimeReading } from './capture-types.ts';

/** Starting and stopping takes tens of milliseconds; a program that is frozen or swamped may take seconds. */
const ANSWER_TIMEOUT_MS = 15_000;
/** A dying program closes its channel before its exit event tells how it died. */
const EXIT_EVENT_GRACE_MS = 1500;

/** A child process with an IPC channel, as `child_process` and execa make it, or what stands for one. */
type AgentProcess = Pick<ChildProcess, 'pid' | 'connected' | 'exitCode' | 'signalCode'> & {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'exit' | 'disconnect', listener: () => void): unknown;
  send?(message: object, callback?: (error: Error | null) => void): boolean;
};

interface AgentReady {
  /** `process.version`, for example `v20.20.2`. */
  readonly nodeVersion: string;
  readonly pid: number;
  /** Profilers of the launch settings that failed to start. */
  readonly missing: readonly MissingProfile[];
}

/** What a stop left on disk. A kind may be in both lists: its file is there, and lacks a thread. */
export interface StoppedProfiles {
  readonly files: readonly ProfileFile[];
  readonly missing: readonly MissingProfile[];
}

/** The lab's end of the preload. Nothing here rejects but {@link NodeAgent.ready}: what is lost is data. */
export interface NodeAgent {
  /** Rejects with LabError `AGENT_NOT_READY` where the program ends or closes the channel first. */
  readonly ready: Promise<AgentReady>;
  /** Calls `onRow` about every `intervalMs` until {@link NodeAgent.stopSampling} or the program's end. */
  startSampling(intervalMs: number, onRow: (row: RuntimeReading) => void): void;
  stopSampling(): void;
  /** Resolves with the profilers that cannot be started; those that can are off again. The program pauses for it. */
  probeProfilers(): Promise<readonly MissingProfile[]>;
  /** Resolves when the profilers are on, with those that are not. The event loop of the program pauses 18 to 57 ms. */
  startProfiles(request: ProfileRequest): Promise<readonly MissingProfile[]>;
  /** Stops all profilers that are on and writes `<kind>.pb.gz` into `directory` (absolute path). */
  stopProfiles(options: StopProfilesOptions): Promise<StoppedProfiles>;
}

interface StopProfilesOptions {
  readonly directory: string;
  readonly phase: ProfileFile['phase'];
}

type Answer = Extract<AgentReply, { type: 'profilers-probed' | 'profiles-started' | 'profiles-stopped' }>;

/** Connects to the preload in a child that was started as {@link agentLaunch} says. Call it right after the spawn. */
export function connectAgent(child: AgentProcess): NodeAgent {
  const waiting = new Map<number, (answer: Answer | Error) => void>();
  /** Kinds that were started and not yet stopped. */
  const running = new Set<ProfileKind>();
  let onRow: ((row: RuntimeReading) => void) | undefined;
  let lastId = 0;

  let readyReceived: (ready: AgentReady) => void;
  let readyLost: (error: Error) => void;
  const ready = new Promise<AgentReady>((resolve, reject) => {
    readyReceived = resolve;
    readyLost = reject;
  });
  // A caller that never looks at `ready` learns of the child's end elsewhere.
  ready.catch(() => undefined);

  child.on('message', function onChildMessage(message) {
    const reply = unwrapAgentReply(message);
    if (reply === undefined) return;
    if (reply.type === 'row') onRow?.(reply.row);
    else if (reply.type === 'ready') {
      for (const kind of reply.running) running.add(kind);
      readyReceived({ nodeVersion: reply.nodeVersion, pid: reply.pid, missing: reply.missing });
    } else if (reply.type === 'failed') waiting.get(reply.id)?.(new Error(reply.reason));
    else waiting.get(reply.id)?.(reply);
  });
  child.once('exit', function onExit() {
    loseAll(describeLoss(child));
  });
  child.once('disconnect', function onDisconnect() {
    setTimeout(() => loseAll(describeLoss(child)), EXIT_EVENT_GRACE_MS).unref();
  });

  function loseAll(reason: string): void {
    readyLost(agentNotReady(reason));
    for (const finish of [...waiting.values()]) finish(new Error(reason));
  }

  function send(request: AgentRequest, onError: (error: Error) => void): void {
    if (hasEnded(child) || !child.connected || !child.send) onError(new Error(describeLoss(child)));
    else child.send(wrapAgentMessage(request), (error) => error && onError(error));
  }

  function ask(request: (id: number) => AgentRequest): Promise<Answer | Error> {
    const id = ++lastId;
    return new Promise((resolve) => {
      const finish = (answer: Answer | Error) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(
        () => finish(new Error(`the program gave no answer within ${ANSWER_TIMEOUT_MS} ms`)),
        ANSWER_TIMEOUT_MS,
      );
      waiting.set(id, finish);
      send(request(id), (error) => {
        if (hasEnded(child)) finish(error);
        else setTimeout(finish, EXIT_EVENT_GRACE_MS, error).unref();
      });
    });
  }

  return {
    ready,
    startSampling(intervalMs, listener) {
      onRow = listener;
      send({ type: 'start-sampling', intervalMs }, ignoreLostOrder);
    },
    stopSampling() {
      onRow = undefined;
      send({ type: 'stop-sampling' }, ignoreLostOrder);
    },
    async probeProfilers() {
      const answer = await ask((id) => ({ type: 'probe-profilers', id }));
      return answer instanceof Error ? lost(['cpu'], answer) : answer.missing;
    },
    async startProfiles(request) {
      const kinds = requestedKinds(request);
      const answer = await ask((id) => ({ type: 'start-profiles', id, request }));
      const missing = answer instanceof Error ? lost(kinds, answer) : answer.missing;
      for (const kind of kinds) running.add(kind);
      return missing;
    },
    async stopProfiles({ directory, phase }) {
      const answer = await ask((id) => ({ type: 'stop-profiles', id, directory, phase }));
      const kinds = [...running];
      running.clear();
      if (answer instanceof Error) return { files: [], missing: lost(kinds, answer) };
      return { files: 'files' in answer ? answer.files : [], missing: answer.missing };
    },
  };
}

function lost(kinds: readonly ProfileKind[], error: Error): MissingProfile[] {
  return kinds.map((kind) => ({ kind, reason: error.message }));
}

/** Sampling goes on or ends with the program; there is nothing to wait for. */
function ignoreLostOrder(): void {}

function hasEnded(child: AgentProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function describeLoss(child: AgentProcess): string {
  if (child.signalCode) return `the program ended (signal ${child.signalCode})`;
  return hasEnded(child)
    ? `the program ended (exit code ${child.exitCode})`
    : 'the program closed its channel to the lab, or ended';
}

function agentNotReady(reason: string): LabError {
  return new LabError({
    code: 'AGENT_NOT_READY',
    message: `the preload gave no sign of life: ${reason}`,
    hint: 'run the tracker by itself to see its error, or go on with --allow-no-profile',
    exitCode: 12,
  });
}
