import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, LabError } from '../../errors.ts';
import type { TargetExit, TargetRecord } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import { hostPort } from '../../wire/host-port.ts';
import { agentLaunch } from '../capture/agent-launch.ts';
import { connectAgent, type NodeAgent } from '../capture/node-agent-client.ts';
import { isLoopback, parseTargetAddress, refuseRemote } from './address-target.ts';
import { type LaunchedProcess, launchProcess } from './child-process.ts';
import { describeEarlyExit, trackerNotReady } from './not-ready.ts';
import { withoutPackageRunner } from './package-runner.ts';
import { parseCommand } from './parse-command.ts';
import { ProcessGroup } from './process-group.ts';
import { ProcessTree } from './process-tree.ts';
import { packageVersionOf, programName } from './program-name.ts';
import { readProc, readProcLink } from './read-proc.ts';
import { isAddressTaken, waitUntilServed } from './readiness.ts';
import { udpPortsOf } from './served-ports.ts';

const READY_TIMEOUT_MS = 10_000;
/** From SIGTERM to SIGKILL. */
const STOP_GRACE_MS = 3000;
/**
 * The preload speaks before the program's first statement, so its message is here or on its way when the program serves.
 * A program that is surely Node's gets longer: a lab without a core of its own may be late to read it.
 */
const AGENT_WAIT_MS = 200;
const NODE_AGENT_WAIT_MS = 3000;
/** In the environment of all processes of a target: they are found by it whatever they do. */
const MARKER_VARIABLE = 'TRACKER_LAB_TARGET';

export interface CommandTargetOptions {
  /** As the operator wrote it; split into words without a shell. */
  readonly command: string;
  /** Working folder; null: the lab's. */
  readonly cwd: string | null;
  /** Added to the lab's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** `udp://HOST:PORT` where it will serve. */
  readonly url: string;
  /** Whether that may be off this machine. */
  readonly allowRemote: boolean;
  /** Cores to run on, as taskset takes them; null: not pinned. */
  readonly cpus: string | null;
  /** Sample the live heap of a Node program from its start; null: no live-heap profile. */
  readonly liveHeap: { readonly intervalBytes: number } | null;
  /** Options for Node, where the program is Node's; those that NODE_OPTIONS does not take are left out. */
  readonly nodeFlags: readonly string[];
  /** How long it may take until it serves. Default: 10 seconds. */
  readonly readyTimeoutMs?: Milliseconds;
  /** Ends the wait until it serves, and the program. */
  readonly abort?: AbortSignal;
}

/** A program that the lab has started and will end, with all processes that come from it. */
export interface CommandTarget {
  readonly record: TargetRecord;
  /** Of the process that was started. */
  readonly pid: number;
  /** All its processes that are alive now, the started one first. */
  pids(): readonly number[];
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Null where the program is not Node's, or runs below another program. */
  readonly agent: NodeAgent | null;
  /** What the operator should know of this start, one sentence each. */
  readonly notes: readonly string[];
  /** Resolves with the end of the process that was started; never rejects. */
  readonly exited: Promise<TargetExit>;
  /** SIGTERM for all its processes, SIGKILL after 3 seconds for those that are left. Also after its end. */
  stop(): Promise<{ readonly exit: TargetExit; readonly counters: null }>;
}

/**
 * Starts a command and waits until it answers a connect at the address. Where it is Node's, the preload is in it, by way
 * of NODE_OPTIONS; another program takes no notice.
 *
 * @throws LabError `BAD_COMMAND`, `BAD_TARGET`, `BAD_FOLDER`, `HOST_NOT_FOUND`, `REMOTE_TARGET`; `ADDRESS_TAKEN` where
 * something serves there already; `TRACKER_NOT_READY` with exit code and last output. Nothing is left running then.
 */
export async function startCommandTarget(options: CommandTargetOptions): Promise<CommandTarget> {
  const words = parseCommand(options.command);
  const { host, port } = parseTargetAddress(options.url);
  const { address } = await resolveEndpoint(host, port, 0);
  refuseRemote(options.url, address, options.allowRemote);
  const cwd = options.cwd === null ? process.cwd() : existingFolder(options.cwd);
  if (await isAddressTaken(address, port)) throw addressTaken(hostPort(address, port));

  const started = start(words, cwd, options);
  const { running, agent, pids } = started;
  const end = async (): Promise<TargetExit> => {
    running.expectEnd();
    await started.group?.stop(STOP_GRACE_MS);
    return running.exited;
  };
  try {
    await untilServed(started, { ...options, address, port });
    const node = await answeringAgent(started);
    const notes = [...started.notes, ...nodeNotes(node, started.pids())];
    return {
      record: {
        kind: 'command',
        name: started.name,
        version: node === null ? null : runningVersion(node.pid),
        runtime: node === null ? null : `Node.js ${node.nodeVersion}`,
        address: `udp://${hostPort(host, port)}`,
        network: isLoopback(address) ? 'local' : 'remote',
        pid: running.child.pid ?? null,
        command: [...running.command],
        receiveBuffer: null,
        socketKind: null,
      },
      pid: running.child.pid as number,
      pids,
      address,
      port,
      agent: node === null ? null : agent,
      notes,
      exited: running.exited,
      stop: async () => ({ exit: await end(), counters: null }),
    };
  } catch (error) {
    await end();
    throw error;
  }
}

interface Started {
  readonly running: LaunchedProcess;
  readonly agent: NodeAgent;
  /** Null where the program could not be started. */
  readonly group: ProcessGroup | null;
  readonly pids: () => number[];
  readonly name: string;
  readonly notes: readonly string[];
}

function start(
  words: readonly [string, ...string[]],
  cwd: string,
  { environment, liveHeap, nodeFlags, cpus }: CommandTargetOptions,
): Started {
  const direct = withoutPackageRunner(words, cwd);
  const [file, ...args] = direct?.words ?? words;
  const launch = agentLaunch({ liveHeap, stopWithLab: true });
  const marker = randomUUID();
  const inherited = { ...process.env, ...environment };
  const allowedFlags = nodeFlags.filter(isAllowedInEnvironment);
  const nodeOptions = [inherited['NODE_OPTIONS'], ...launch.nodeArguments, ...allowedFlags].filter(Boolean);
  const running = launchProcess({
    file,
    args,
    environment: {
      ...environment,
      ...launch.environment,
      NODE_OPTIONS: nodeOptions.join(' '),
      ...(direct && { PATH: `${direct.binFolder}${path.delimiter}${inherited['PATH'] ?? ''}` }),
      [MARKER_VARIABLE]: marker,
    },
    cwd,
    cpus,
  });
  const agent = connectAgent(running.child);
  const { pid } = running.child;
  const name = programName([file, ...args]);
  const notes = direct === null ? [] : [`Started ${file} itself, without ${words[0]} around it.`];
  if (pid === undefined) return { running, agent, group: null, pids: () => [], name, notes };
  const tree = new ProcessTree({ pid, marker: `${MARKER_VARIABLE}=${marker}`, ownSession: true });
  const group = new ProcessGroup({ leader: pid, tree });
  return { running, agent, group, pids: () => tree.alive(), name, notes };
}

/** Node refuses to start with any other option in NODE_OPTIONS. */
function isAllowedInEnvironment(flag: string): boolean {
  return process.allowedNodeEnvironmentFlags.has(flag.replace(/=.*/s, ''));
}

interface ServedAt extends CommandTargetOptions {
  readonly address: string;
  readonly port: number;
}

async function untilServed({ running, pids }: Started, options: ServedAt): Promise<void> {
  const { address, port, abort, readyTimeoutMs: timeoutMs = READY_TIMEOUT_MS } = options;
  const over = new AbortController();
  let exit: TargetExit | null = null;
  void running.exited.then((ended) => {
    exit = ended;
    over.abort();
  });
  const signal = abort === undefined ? over.signal : AbortSignal.any([abort, over.signal]);
  const served = await waitUntilServed({ address, port, timeoutMs, signal });
  abort?.throwIfAborted();
  if (exit !== null) throw endedEarly(exit, pids());
  if (served) return;
  const other = udpPortsOf(pids()) ?? [];
  const found = other.length === 0 ? '' : ` (its UDP ports: ${other.join(', ')})`;
  throw trackerNotReady(
    `no answer to a connect at ${hostPort(address, port)} within ${timeoutMs} ms${found}`,
    running.stderr(),
    'check that --target is the address where the command serves; run the command by itself to see its whole output',
  );
}

function endedEarly(exit: TargetExit, left: readonly number[]): LabError {
  const hint =
    left.length > 0 || exit.exitCode === 0
      ? 'the command must stay in the foreground; switch off its daemon mode'
      : 'run the command by itself to see its whole output';
  if (/NODE_OPTIONS|bad option/.test(exit.lastStderr)) {
    return trackerNotReady(describeEarlyExit(exit), exit.lastStderr, 'the preload needs Node 20 or newer');
  }
  return trackerNotReady(describeEarlyExit(exit), exit.lastStderr, hint);
}

interface AnsweringNode {
  readonly nodeVersion: string;
  readonly pid: number;
}

/** The preload in the started process; null where there is none. */
async function answeringAgent({ agent, running }: Started): Promise<AnsweringNode | null> {
  const waitMs = isNode(running.child.pid) ? NODE_AGENT_WAIT_MS : AGENT_WAIT_MS;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, waitMs, null);
  });
  const ready = await Promise.race([agent.ready.catch(() => null), tooLate]);
  clearTimeout(timer);
  return ready;
}

/** Without the preload: why there are no profiles by the runtime, if a Node process is among the target's. */
function nodeNotes(node: AnsweringNode | null, pids: readonly number[]): string[] {
  if (node !== null) return [];
  const [first, ...others] = pids;
  if (isNode(first) && others.length === 0) {
    return ['The command is a Node program, but its preload gave no sign; its runtime is not profiled.'];
  }
  const below = pids.filter(isNode);
  if (below.length === 0) return [];
  return [
    `A Node program (process ${below.at(-1)}) runs below the command's own process, out of the preload's reach: pass the ` +
      'node command itself, or let the wrapper exec it, to have its CPU and heap profiled.',
  ];
}

function isNode(pid: number | undefined): boolean {
  const program = path.basename(readProcLink(`/proc/${pid}/exe`));
  return /^(node|nodejs)(-?v?\d[\d.]*)?$/.test(program) || program === path.basename(process.execPath);
}

function runningVersion(pid: number): string | null {
  const commandLine = readProc(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
  return packageVersionOf(commandLine, readProcLink(`/proc/${pid}/cwd`));
}

function existingFolder(cwd: string): string {
  const folder = path.resolve(cwd);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new LabError({
    code: 'BAD_FOLDER',
    message: `the working folder ${folder} of the command does not exist`,
    hint: 'check --cwd',
  });
}

function addressTaken(where: string): LabError {
  return new LabError({
    code: 'ADDRESS_TAKEN',
    message: `something serves udp://${where} before the command is started, so the lab would measure that`,
    hint: 'stop it (ss -lunp shows its process), or measure it as it runs: leave the command out and pass --target alone',
    exitCode: ExitCode.trackerFailed,
  });
}
