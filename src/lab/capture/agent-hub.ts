/** The lab's end of the preloads in all processes of a command, of which one is the tracker. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Watchdog } from '../watchdog.ts';
import { makeWatchedFolder, type WatchedFolder } from '../watched-folder.ts';
import { readJsonLines } from './json-lines.ts';
import { connectAgent, type NodeAgent } from './node-agent-client.ts';

/** What the kernels take as the path of a Unix socket, less its name in its folder. */
const LONGEST_FOLDER = 90;

/** A process in which the preload is. */
export interface AgentPeer {
  readonly pid: number;
  /** `process.version`. */
  readonly nodeVersion: string;
  readonly agent: NodeAgent;
}

/** Takes the connections of preloads until {@link AgentHub.keep}. */
export class AgentHub {
  /** For the preload's settings. */
  readonly socketPath: string;
  readonly #folder: string | null;
  readonly #server: Server;
  readonly #links = new Map<AgentPeer, Socket>();
  readonly #sockets = new Set<Socket>();
  readonly #processes = new Set<PeerProcess>();
  #child: ChildProcess | null = null;
  readonly #watchdog: Watchdog | null;
  readonly #removeFolder = () => {
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  };

  private constructor(watched: WatchedFolder | null, socketPath: string) {
    this.#folder = watched?.folder ?? null;
    this.socketPath = socketPath;
    this.#server = createServer((socket) => this.#welcome(socket)).unref();
    this.#watchdog = watched?.watchdog ?? null;
    process.once('exit', this.#removeFolder);
  }

  /** Opens a socket that only this user can reach. */
  static async open(): Promise<AgentHub> {
    const watched = process.platform === 'win32' ? null : makeWatchedFolder(shortTemporary(), 'tracker-lab-');
    const socketPath =
      watched === null
        ? `\\\\.\\pipe\\tracker-lab-${process.pid}-${Date.now()}`
        : path.join(watched.folder, 'agent');
    const hub = new AgentHub(watched, socketPath);
    await new Promise<void>((resolve, reject) => {
      hub.#server.once('error', reject).listen(socketPath, resolve);
    });
    return hub;
  }

  /** Whose end is known by more than its connection. */
  setChild(child: ChildProcess): void {
    this.#child = child;
    // Else a preload that is asked for something waits for it until its grace is over.
    child.once('exit', () => {
      for (const process of this.#processes) if (process.pid === child.pid) process.emit('exit');
    });
  }

  /** The processes whose preload has spoken, in the order in which they did. */
  peers(): AgentPeer[] {
    return [...this.#links.keys()];
  }

  /** Lets all but one go, or all, and takes no more. Their preloads stop what they have begun. */
  keep(peer: AgentPeer | null): void {
    const kept = peer === null ? undefined : this.#links.get(peer);
    for (const socket of this.#sockets) if (socket !== kept) socket.destroy();
    this.#server.close();
    process.off('exit', this.#removeFolder);
    this.#removeFolder();
    this.#watchdog?.dismiss();
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket);
    socket.unref();
    const process = new PeerProcess(socket, () => this.#child);
    this.#processes.add(process);
    const agent = connectAgent(process);
    agent.ready.then(
      ({ pid, nodeVersion }) => {
        process.pid = pid;
        this.#links.set({ pid, nodeVersion, agent }, socket);
      },
      () => undefined,
    );
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const [peer, link] of this.#links) if (link === socket) this.#links.delete(peer);
    });
  }
}

/** A connected process as {@link connectAgent} wants it: like a child with an IPC channel. */
class PeerProcess extends EventEmitter {
  pid: number | undefined;
  readonly #socket: Socket;
  readonly #child: () => ChildProcess | null;

  constructor(socket: Socket, child: () => ChildProcess | null) {
    super();
    this.#socket = socket;
    this.#child = child;
    readJsonLines(socket, (message) => this.emit('message', message));
    // A broken connection is told by its close.
    socket.on('error', () => undefined);
    socket.once('close', () => this.emit('disconnect'));
  }

  get connected(): boolean {
    return this.#socket.writable;
  }

  get exitCode(): number | null {
    return this.#own()?.exitCode ?? null;
  }

  get signalCode(): NodeJS.Signals | null {
    return this.#own()?.signalCode ?? null;
  }

  send(message: object, callback?: (error: Error | null) => void): boolean {
    return this.#socket.write(`${JSON.stringify(message)}\n`, (error) => callback?.(error ?? null));
  }

  #own(): ChildProcess | null {
    const child = this.#child();
    return child !== null && child.pid === this.pid ? child : null;
  }
}

function shortTemporary(): string {
  const folder = os.tmpdir();
  return folder.length > LONGEST_FOLDER - 'tracker-lab-XXXXXXXXXXXX'.length ? '/tmp' : folder;
}
