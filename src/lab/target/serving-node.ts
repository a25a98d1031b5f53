/** Which of a command's Node processes is the tracker. */
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentPeer } from '../capture/agent-hub.ts';
import { readProcLink } from './read-proc.ts';
import { udpPortsOf } from './served-ports.ts';

/**
 * The preload speaks before the program's first statement, so its message is here or on its way when the program serves.
 * A server that is surely Node's gets longer: a lab without a core of its own may be late to read it.
 */
const AGENT_WAIT_MS = 200;
const NODE_AGENT_WAIT_MS = 3000;
const LOOK_INTERVAL_MS = 20;

interface ServingNodeOptions {
  readonly hub: { peers(): readonly AgentPeer[] };
  /** UDP port that is served. */
  readonly port: number;
  /** All processes of the command that are alive now. */
  readonly pids: () => readonly number[];
}

interface ServingNode {
  /** Null where no Node process with the preload serves the port. */
  readonly node: AgentPeer | null;
  /** What the operator should know of it, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Finds the Node process that holds the socket of the port. Of several the last one that began: a primary process hands
 * its socket to those that do the work. Where nobody tells who holds a socket, the last one that began.
 */
export async function servingNode({ hub, port, pids }: ServingNodeOptions): Promise<ServingNode> {
  const startMs = performance.now();
  for (;;) {
    const peers = hub.peers();
    const ports = peers.map(({ pid }) => udpPortsOf([pid]));
    const serving = peers.filter((_peer, index) => ports[index]?.includes(port) ?? true);
    const node = serving.at(-1);
    if (node !== undefined) return { node, notes: severalNote(serving) };
    const waitMs = nodesThatServe(pids(), port).length > 0 ? NODE_AGENT_WAIT_MS : AGENT_WAIT_MS;
    if (performance.now() - startMs >= waitMs) break;
    await wait(LOOK_INTERVAL_MS);
  }
  const [silent] = nodesThatServe(pids(), port);
  if (silent === undefined) return { node: null, notes: [] };
  return {
    node: null,
    notes: [
      `Process ${silent}, which serves, is a Node program, but its preload gave no sign; its runtime is not profiled. ` +
        'Has its environment been cleaned of NODE_OPTIONS?',
    ],
  };
}

function severalNote(serving: readonly AgentPeer[]): string[] {
  const last = serving.at(-1);
  if (serving.length < 2 || last === undefined) return [];
  return [
    `${serving.length} Node processes of the command hold its UDP port; the profiles by the runtime are of process ` +
      `${last.pid} alone, and perf (--perf) sees them all.`,
  ];
}

function nodesThatServe(pids: readonly number[], port: number): number[] {
  return pids.filter((pid) => isNode(pid) && (udpPortsOf([pid])?.includes(port) ?? false));
}

function isNode(pid: number): boolean {
  const program = path.basename(readProcLink(`/proc/${pid}/exe`));
  return /^(node|nodejs)(-?v?\d[\d.]*)?$/.test(program) || program === path.basename(process.execPath);
}
