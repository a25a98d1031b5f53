/**
 * A tracker on a socket: takes batches of datagrams in, answers them through the handler, and spends a little time on
 * expiry with every batch and from a timer.
 */
import { createHash, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { PEER_BYTES_IPV4, PEER_BYTES_IPV6 } from '../wire/bep15.ts';
import { openGroupSocket } from '../wire/open-group-socket.ts';
import { openUdpSocket } from '../wire/open-udp-socket.ts';
import type { ReceivedBatch, UdpSocket, UdpSocketOptions } from '../wire/udp-socket.ts';
import { ConnectRateLimit } from './connect-rate-limit.ts';
import { CLOCK_SKEW_S, ConnectionIds } from './connection-id.ts';
import { createCounters } from './counters.ts';
import { describeDatagram } from './describe-datagram.ts';
import { followSecret } from './follow-secret.ts';
import { DatagramHandler, type DatagramState, DEFERRED } from './handle-datagram.ts';
import { InfoHashSet } from './info-hash-set.ts';
import type { Log } from './log.ts';
import { RandomSource } from './random-source.ts';
import { type Shard, ShardGathering } from './shard.ts';
import { SIPHASH_KEY_BYTES } from './siphash.ts';
import type { StoreHandler } from './store-handler.ts';
import type { StoreOptions } from './store-open.ts';
import { ANNOUNCE_INTERVAL_S, peerLifetimeS, SwarmStore } from './swarm-store.ts';
import { followWhitelist } from './whitelist.ts';

/**
 * Receive buffer asked of the kernel: 4 MiB, some thousand datagrams. Linux' default of 208 KiB holds 256 small ones,
 * which a burst of clients overflows.
 */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

const MAINTENANCE_MS = 100;
/** Peers looked at in one turn of the timer, about 0.1 ms. Ten turns a second see 5 million peers a minute. */
const TIMER_SWEEP = 8192;
/** Peers looked at for each datagram of a batch. */
const REQUEST_SWEEP = 4;

export interface TrackerOptions {
  /** Address to bind; `::` is IPv6 and IPv4. */
  readonly host: string;
  /** 0: the kernel chooses. */
  readonly port: number;
  readonly socketKind: UdpSocketOptions['kind'];
  readonly log: Log;
  /** File of the info hashes that are served; absent: all are. */
  readonly whitelistFile?: string;
  /** Text from which the key of the connection ids is made; absent: a random key. */
  readonly secret?: string;
  /** File of the secrets in place of `secret`, which is read again when it changes. */
  readonly secretFile?: string;
  /**
   * Other trackers on other machines have the same secret: connection ids go by the clock on the wall and not by the
   * machine's own. Default: false.
   */
  readonly secretShared?: boolean;
  /** Swarms are kept there; absent: in this process. The limits of peers and swarms then hold for what is kept here. */
  readonly store?: StoreOptions;
  /** Connect requests a minute that one address may send; absent: no limit. */
  readonly connectsPerMinute?: number;
  /** Peers kept for each address family. Beyond, new ones are answered but not taken in. */
  readonly peerLimit: number;
  /** Swarms kept for each address family; absent: as many as there are peers. */
  readonly swarmLimit?: number;
  /** Peers of one IPv4 address or IPv6 /64 in one swarm; absent: no limit. */
  readonly peersPerAddress?: number;
  /** Seconds between two announces of a peer, as replies ask for it; a peer is gone after 9/8 of it. Default: 30 minutes. */
  readonly announceIntervalS?: number;
  /** The part of a tracker of several workers that this one is; absent: it is all of it. */
  readonly shard?: Shard;
}

/** A tracker that serves. */
export interface Tracker {
  readonly host: string;
  readonly port: number;
  readonly socketKind: string;
  readonly receiveBuffer: UdpSocket['receiveBuffer'];
  /** Counts since the start, and how many swarms and peers there are now, by name. */
  counters(): Record<string, number>;
  /** Answers what was received, then frees the port. */
  stop(): Promise<void>;
}

/**
 * Starts a tracker; it serves when the promise is fulfilled.
 *
 * @throws LabError of {@link openUdpSocket}, for example `PORT_IN_USE`
 */
export async function createTracker(options: TrackerOptions): Promise<Tracker> {
  const { log } = options;
  const tableKey = randomWords(2);
  const state = createState(options, tableKey);
  const store = options.store === undefined ? null : await openStore(options.store, state, options);
  const handler = store ?? new DatagramHandler(state);
  // With a store every worker can say all of a scrape.
  const gathering =
    options.shard === undefined || store !== null ? null : new ShardGathering(options.shard, state);
  const onWallClock = options.secretShared === true;
  const sender = new Uint8Array(16);
  const clock = systemClock();

  function onBatch(batch: ReceivedBatch, socket: UdpSocket): void {
    const nowMs = clock();
    setTime(nowMs);
    gathering?.begin(nowMs);
    const { bytes } = batch;
    for (let index = 0; index < batch.count; index++) {
      batch.copyAddress(index, sender, 0);
      const slot = socket.slot();
      let length = handler.handle(
        bytes,
        batch.offset(index),
        batch.sentLength(index),
        batch.family(index),
        sender,
        batch.port(index),
        socket.sendBytes,
        slot,
      );
      if (gathering !== null && length > 0) {
        length = gathering.settle(batch, index, socket.sendBytes, slot, length);
      }
      if (length > 0) {
        socket.reply(slot, length, batch, index);
      } else if (length === DEFERRED) {
        store?.keepSender(index, socket);
      }
      if (log.debugs) {
        log.debug(describeDatagram(batch, index, length));
      }
    }
    gathering?.end();
    store?.endBatch();
    maintain(nowMs, batch.count * REQUEST_SWEEP);
  }

  function setTime(nowMs: number): void {
    handler.setTime(Math.floor(nowMs / 1000), Math.floor((onWallClock ? Date.now() : nowMs) / 1000));
    store?.setTimeMs(nowMs);
  }

  function maintain(nowMs: number, most: number): void {
    state.ipv4.maintain(nowMs, most);
    state.ipv6.maintain(nowMs, most);
  }

  const whitelist =
    options.whitelistFile === undefined
      ? null
      : await followWhitelist({
          file: options.whitelistFile,
          key: tableKey,
          log,
          onSet: (allowed) => {
            state.allowed = allowed;
          },
        });
  let secrets: { stop(): void } | null = null;
  let socket: UdpSocket;
  try {
    if (options.secretFile !== undefined) {
      secrets = await followSecret({
        file: options.secretFile,
        log,
        onSecrets: ({ current, also }) =>
          state.connectionIds.setKeys(keyOf(current), also === null ? null : keyOf(also)),
      });
    }
    const { host, port, shard } = options;
    const socketOptions = {
      host,
      port,
      receiveBufferBytes: RECEIVE_BUFFER_BYTES,
      onBatch,
      onError: (error: Error) => log.debug(`socket: ${error.message}`),
    };
    if (shard === undefined) {
      socket = await openUdpSocket({ kind: options.socketKind, ...socketOptions });
    } else {
      const own = await openGroupSocket(shard.descriptor, socketOptions);
      gathering?.open(own);
      socket = own;
    }
    store?.open(socket);
  } catch (error) {
    whitelist?.stop();
    secrets?.stop();
    await store?.stop();
    throw error;
  }
  const timer = setInterval(function maintainByTimer() {
    const nowMs = clock();
    maintain(nowMs, TIMER_SWEEP);
    gathering?.expire(nowMs);
    if (store !== null) {
      setTime(nowMs);
      store.expire();
    }
  }, MAINTENANCE_MS);

  return {
    host: socket.localAddress,
    port: socket.localPort,
    socketKind: socket.kind,
    receiveBuffer: socket.receiveBuffer,
    counters: () => ({ ...allCounters(state, socket), ...store?.counters() }),
    stop: async () => {
      clearInterval(timer);
      whitelist?.stop();
      secrets?.stop();
      gathering?.stop();
      await store?.stop();
      await socket.close();
    },
  };
}

/** Loaded only where it is asked for. */
async function openStore(
  store: StoreOptions,
  state: DatagramState,
  options: TrackerOptions,
): Promise<StoreHandler> {
  const { openStoreHandler } = await import('./store-open.ts');
  const { peersPerAddress, announceIntervalS = ANNOUNCE_INTERVAL_S, log } = options;
  const random = new RandomSource(randomWords(4));
  const peerLifetime = peerLifetimeS(announceIntervalS);
  return openStoreHandler(
    store,
    state,
    { random, peerLifetimeS: peerLifetime, ...(peersPerAddress === undefined ? {} : { peersPerAddress }) },
    log,
  );
}

function createState(options: TrackerOptions, tableKey: Uint32Array): DatagramState {
  const random = new RandomSource(randomWords(4));
  const { peerLimit, connectsPerMinute, announceIntervalS = ANNOUNCE_INTERVAL_S, shard } = options;
  const key = options.secret === undefined ? randomBytes(SIPHASH_KEY_BYTES) : keyOf(options.secret);
  const { swarmLimit = peerLimit, peersPerAddress } = options;
  const common = {
    key: tableKey,
    random,
    peerLifetimeS: peerLifetimeS(announceIntervalS),
    ...(peersPerAddress === undefined ? {} : { peersPerAddress }),
  };
  return {
    connectionIds: new ConnectionIds(key, options.secretShared === true ? CLOCK_SKEW_S : 0),
    ipv4: new SwarmStore({
      ...common,
      peerBytes: PEER_BYTES_IPV4,
      peerLimit: shard?.budgets.ipv4 ?? peerLimit,
      swarmLimit: shard?.budgets.ipv4Swarms ?? swarmLimit,
    }),
    ipv6: new SwarmStore({
      ...common,
      peerBytes: PEER_BYTES_IPV6,
      peerLimit: shard?.budgets.ipv6 ?? peerLimit,
      swarmLimit: shard?.budgets.ipv6Swarms ?? swarmLimit,
    }),
    // With a whitelist nothing is allowed before it was read.
    allowed: options.whitelistFile === undefined ? null : new InfoHashSet(tableKey),
    connectLimit: connectsPerMinute === undefined ? null : new ConnectRateLimit(connectsPerMinute, tableKey),
    counters: createCounters(),
    announceIntervalS,
  };
}

function keyOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest().subarray(0, SIPHASH_KEY_BYTES);
}

function randomWords(count: number): Uint32Array {
  const bytes = randomBytes(4 * count);
  return Uint32Array.from({ length: count }, (_, word) => bytes.readUInt32LE(4 * word));
}

/**
 * The system's monotonic clock in milliseconds. The same for all threads and after a restart (until a reboot), which
 * `performance.now()` is not; but reading that one allocates nothing.
 */
function systemClock(): () => number {
  const [seconds, nanoseconds] = process.hrtime();
  const offset = seconds * 1000 + nanoseconds / 1e6 - performance.now();
  return function readSystemClock() {
    return offset + performance.now();
  };
}

function allCounters(state: DatagramState, socket: UdpSocket): Record<string, number> {
  const { ipv4, ipv6 } = state;
  return {
    ...state.counters,
    'swarms.ipv4': ipv4.swarmCount,
    'swarms.ipv6': ipv6.swarmCount,
    'peers.ipv4': ipv4.peerCount,
    'peers.ipv6': ipv6.peerCount,
    'peers.expired': ipv4.expiredPeers + ipv6.expiredPeers,
    'peers.refused': ipv4.refusedPeers + ipv6.refusedPeers,
    'peers.refusedByAddress': ipv4.crowdedPeers + ipv6.crowdedPeers,
    'swarms.refused': ipv4.refusedSwarms + ipv6.refusedSwarms,
    downloadsCompleted: ipv4.completedDownloads + ipv6.completedDownloads,
    'socket.received': socket.counters.receivedDatagrams,
    'socket.sent': socket.counters.sentDatagrams,
    'socket.sendErrors': socket.counters.sendErrors,
    ...(socket.dropsKnown ? { 'socket.receiveDrops': socket.counters.receiveDrops } : {}),
  };
}
