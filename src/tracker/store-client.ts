/**
 * The tracker's connection to Redis, through ioredis, which is loaded here and nowhere else. It is lost and found again
 * without the tracker's doing: nothing is queued while it is away, and nothing is sent twice.
 */
import { ExitCode, LabError } from '../errors.ts';
import type { StoreScript } from './store-scripts.ts';
import { type StoreTarget, storeName } from './store-target.ts';

/** Redis has not said anything for so long while it was asked something: the connection is given up. */
const STORE_SILENCE_MS = 1000;
/** The start waits for so long for a first connection. */
const FIRST_CONNECT_MS = 2000;
const CONNECT_TIMEOUT_MS = 2000;
/** Pauses before a next attempt: doubled from the first to the last, each cut by up to a half so that instances spread. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** What Redis says to one who will never be let in. */
const REFUSAL = /WRONGPASS|NOAUTH|NOPERM|invalid password|invalid username|without any password|DB index/;

export interface StoreClientEvents {
  readonly onUp: () => void;
  /** @param reason - what was wrong last, without addresses of clients */
  readonly onDown: (reason: string) => void;
}

/** A connection to a store. */
export interface StoreClient {
  /** Whether it can be asked now. */
  readonly up: boolean;
  /** Scripts whose outcome is not known yet. */
  readonly pending: number;
  /**
   * Runs a script by its SHA-1, with its text where Redis does not know it. Exactly one of the two is called, later.
   *
   * @param keys - all of one hash tag
   */
  run(
    script: StoreScript,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    onReply: (reply: unknown) => void,
    onError: (error: Error) => void,
  ): void;
  /** Sends what was run since the last call. */
  flush(): void;
  close(): void;
}

type Ioredis = Pick<typeof import('ioredis'), 'Redis' | 'Cluster' | 'Command'>;
type Client = InstanceType<Ioredis['Redis']> | InstanceType<Ioredis['Cluster']>;

/**
 * Connects; waits for it no longer than two seconds, because a tracker that starts while Redis is away serves by its
 * policy and not at all the worse.
 *
 * @throws LabError `STORE_CLIENT_MISSING` without ioredis, `STORE_REFUSED` where user, password or database are refused
 */
export async function openStoreClient(target: StoreTarget, events: StoreClientEvents): Promise<StoreClient> {
  const ioredis = await loadIoredis();
  const client = createClient(ioredis, target);
  const store = new IoredisStore(ioredis, client, events);
  try {
    await store.firstConnect();
  } catch (error) {
    store.close();
    throw new LabError({
      code: 'STORE_REFUSED',
      message: `${storeName(target)} refuses the tracker: ${(error as Error).message}`,
      hint: 'check user, password and database of --store (or TRACKER_STORE)',
      exitCode: ExitCode.trackerFailed,
      cause: error,
    });
  }
  return store;
}

async function loadIoredis(): Promise<Ioredis> {
  try {
    return await import('ioredis');
  } catch (cause) {
    throw new LabError({
      code: 'STORE_CLIENT_MISSING',
      message: `--store needs the optional package ioredis, which does not load: ${(cause as Error).message.split('\n', 1)[0]}`,
      hint: 'npm install ioredis@6, or leave out --store',
      exitCode: ExitCode.trackerFailed,
      cause,
    });
  }
}

function createClient({ Redis, Cluster }: Ioredis, target: StoreTarget): Client {
  const { nodes, cluster, tls, username, password, database } = target;
  const common = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectionName: 'tracker-lab',
    disableClientInfo: true,
    protocol: 2 as const,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: STORE_SILENCE_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A replica was asked after a failover: its address leads to the new master when it is resolved again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  if (cluster) {
    return new Cluster([...nodes], {
      redisOptions: common,
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: pauseMs,
      maxRedirections: 4,
    });
  }
  const { host, port } = nodes[0] as StoreTarget['nodes'][number];
  return new Redis({
    ...common,
    host,
    port,
    db: database,
    enableOfflineQueue: false,
    retryStrategy: pauseMs,
  });
}

/** @param attempt - from 1 */
function pauseMs(attempt: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 16), LONGEST_PAUSE_MS);
  return longest * (0.5 + Math.random() / 2);
}

class IoredisStore implements StoreClient {
  up = false;
  pending = 0;
  private readonly Command: Ioredis['Command'];
  private readonly client: Client;
  private readonly events: StoreClientEvents;
  private corked: { uncork(): void }[] = [];
  private lastError = 'the connection was closed';
  private closed = false;
  private onRefused: (error: Error) => void = () => {};

  constructor({ Command }: Ioredis, client: Client, events: StoreClientEvents) {
    this.Command = Command;
    this.client = client;
    this.events = events;
    client.on('ready', () => this.setUp(true));
    for (const event of ['close', 'end', 'reconnecting']) {
      client.on(event, () => this.setUp(false));
    }
    client.on('error', (error: Error) => this.noteError(error));
    client.on('node error', (error: Error) => this.noteError(error));
  }

  /** Fulfilled when it is up, or when that has taken too long. @throws Error what Redis said to one it will not let in */
  async firstConnect(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.onRefused = reject;
        timer = setTimeout(resolve, FIRST_CONNECT_MS);
        this.client.once('ready', resolve);
        // What goes wrong is told by the events, and tried again.
        this.client.connect().catch(() => {});
      });
    } finally {
      clearTimeout(timer);
      this.onRefused = () => {};
    }
    if (!this.up) {
      this.events.onDown(this.lastError);
    }
  }

  run(
    script: StoreScript,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    onReply: (reply: unknown) => void,
    onError: (error: Error) => void,
  ): void {
    this.pending++;
    const rest = [String(keys.length), ...keys, ...args];
    const settleReply = (reply: unknown): void => {
      this.pending--;
      onReply(reply);
    };
    const settleError = (error: Error): void => {
      this.pending--;
      onError(error);
    };
    this.cork();
    this.send('evalsha', [script.sha, ...rest]).then(settleReply, (error: Error) => {
      if (error.message.startsWith('NOSCRIPT')) {
        this.send('eval', [script.lua, ...rest]).then(settleReply, settleError);
      } else {
        settleError(error);
      }
    });
  }

  flush(): void {
    if (this.corked.length > 0) {
      for (const stream of this.corked) {
        stream.uncork();
      }
      this.corked = [];
    }
  }

  close(): void {
    this.closed = true;
    this.flush();
    this.client.disconnect();
  }

  private send(name: string, args: (string | Buffer)[]): Promise<unknown> {
    // Without a replyEncoding the reply is the bytes as they came.
    const command = new this.Command(name, args);
    // Else each command would be described for diagnostics channels, where nobody listens, at a few microseconds.
    command.isTraced = true;
    this.client.sendCommand(command);
    return command.promise;
  }

  /** Holds what is sent until {@link flush}: one system call a batch and connection. */
  private cork(): void {
    if (this.corked.length > 0) {
      return;
    }
    const clients = 'nodes' in this.client ? this.client.nodes('master') : [this.client];
    for (const { stream } of clients) {
      if (stream?.writable === true) {
        stream.cork();
        this.corked.push(stream);
      }
    }
  }

  private setUp(up: boolean): void {
    if (this.up === up || this.closed) {
      return;
    }
    this.up = up;
    if (up) {
      this.events.onUp();
    } else {
      this.events.onDown(this.lastError);
    }
  }

  private noteError(error: Error & { lastNodeError?: Error }): void {
    const cause = error.lastNodeError ?? error;
    this.lastError = cause.message;
    if (REFUSAL.test(cause.message)) {
      this.onRefused(cause);
    }
  }
}
