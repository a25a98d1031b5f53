import { statSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, LabError } from '../../errors.ts';
import type { TargetExit, TargetRecord } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import { hostPort } from '../../wire/host-port.ts';
import { AgentHub } from '../capture/agent-hub.ts';
import { agentLaunch } from '../capture/agent-launch.ts';
import type { NodeAgent } from '../capture/node-agent-client.ts';
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
import { servingNode } from './serving-node.ts';

const READY_TIMEOUT_MS = 10_000;
/** From SIGTERM to SIGKILL. */
const STOP_GRACE_MS = 3000;

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
  /** Of the Node process that serves the address; null where none does. */
  readonly agent: NodeAgent | null;
  /** What the operator should know of this start, one sentence each. */
  readonly notes: readonly string[];
  /** Resolves with the end of the process that was started; never rejects. */
  readonly exited: Promise<TargetExit>;
  /** SIGTERM for all its processes, SIGKILL after `graceMs`, 3 seconds by default, for those that are left. Also after its end. */
  stop(graceMs?: Milliseconds): Promise<{ readonly exit: TargetExit; readonly counters: null }>;
}

/**
 * Starts a command and waits until it answers a connect at the address. The preload is in all Node processes that come
 * from it, by way of NODE_OPTIONS; the one that serves the address is the tracker. Another program takes no notice.
 *
 * @throws LabError `BAD_COMMAND`, `BAD_TARGET`, `BAD_FOLDER`, `HOST_NOT_FOUND`, `REMOTE_TARGET`; `ADDRESS_TAKEN` where
 * something serves there already; `TRACKER_NOT_READY` with exit code and last output. Nothing is left running then.
 */
export async function startCommandTarget(options: CommandTargetOptions): Promise<CommandTarget> {
  const words = parseCommand(options.command);
  const cwd = options.cwd === null ? process.cwd() : existingFolder(options.cwd);
  const { host, address, port } = await freeAddress(options);

  const hub = await AgentHub.open();
  const started = start(words, cwd, hub, options);
  const { running, pids } = started;
  const end = async (graceMs: Milliseconds): Promise<TargetExit> => {
    running.expectEnd();
    await started.group?.stop(graceMs);
    return running.exited;
  };
  try {
    await untilServed(started, { ...options, address, port });
    const { node, notes } = await servingNode({ hub, port, pids: started.pids });
    hub.keep(node);
    return {
      record: {
        kind: 'command',
        name: node === null || node.pid === running.child.pid ? started.name : runningName(node.pid),
        version: node === null ? null : runningVersion(node.pid),
        runtime: node === null ? null : `Node.js ${node.nodeVersion}`,
        address: `udp://${hostPort(host, port)}`,
        network: isLoopback(address) ? 'local' : 'remote',
        pid: running.child.pid ?? null,
        command: [...running.command],
        receiveBuffer: null,
        socketKind: null,
        workers: null,
      },
      pid: running.child.pid as number,
      pids,
      address,
      port,
      agent: node?.agent ?? null,
      notes: [...started.notes, ...notes],
      exited: running.exited,
      stop: async (graceMs = STOP_GRACE_MS) => ({ exit: await end(graceMs), counters: null }),
    };
  } catch (error) {
    hub.keep(null);
    await end(STOP_GRACE_MS);
    throw error;
  }
}

/**
 * The address where a command is to serve, at which nothing serves yet.
 *
 * @throws LabError `BAD_TARGET`, `HOST_NOT_FOUND`, `REMOTE_TARGET`, `ADDRESS_TAKEN`
 */
export async function freeAddress({
  url,
  allowRemote,
}: Pick<CommandTargetOptions, 'url' | 'allowRemote'>): Promise<{
  /** As the operator wrote it. */
  readonly host: string;
  /** IP address. */
  readonly address: string;
  readonly port: number;
}> {
  const { host, port } = parseTargetAddress(url);
  const { address } = await resolveEndpoint(host, port, 0);
  refuseRemote(url, address, allowRemote);
  if (await isAddressTaken(address, port)) throw addressTaken(hostPort(address, port));
  return { host, address, port };
}

interface Started {
  readonly running: LaunchedProcess;
  /** Null where the program could not be started. */
  readonly group: ProcessGroup | null;
  readonly pids: () => number[];
  readonly name: string;
  readonly notes: readonly string[];
}

function start(
  words: readonly [string, ...string[]],
  cwd: string,
  hub: AgentHub,
  { environment, liveHeap, nodeFlags, cpus }: CommandTargetOptions,
): Started {
  const direct = withoutPackageRunner(words, cwd);
  const [file, ...args] = direct?.words ?? words;
  const launch = agentLaunch({ socketPath: hub.socketPath, liveHeap, stopWithLab: true });
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
    },
    cwd,
    ipc: false,
    cpus,
  });
  hub.setChild(running.child);
  const { pid } = running.child;
  const name = programName([file, ...args]);
  const notes = direct === null ? [] : [`Started ${file} itself, without ${words[0]} around it.`];
  if (pid === undefined) return { running, group: null, pids: () => [], name, notes };
  const tree = new ProcessTree({ pid, marker: running.watchdog.marker, ownSession: true });
  const group = new ProcessGroup({ leader: pid, tree, watchdog: running.watchdog });
  return { running, group, pids: () => tree.alive(), name, notes };
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

function runningName(pid: number): string {
  return programName(commandLineOf(pid));
}

function runningVersion(pid: number): string | null {
  return packageVersionOf(commandLineOf(pid), readProcLink(`/proc/${pid}/cwd`));
}

function commandLineOf(pid: number): string[] {
  return readProc(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
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
