#!/usr/bin/env node
/**
 * The tracker as a program. Prints one line when it serves, and tells the process that started it, if there is an IPC
 * channel. Stops on SIGINT and SIGTERM, and when that process goes away. A second signal ends it at once.
 */
import { isIPv6 } from 'node:net';
import { ExitCode, LabError } from '../errors.ts';
import { packageVersion } from '../package-root.ts';
import { STEERING_UNAVAILABLE } from '../wire/open-socket-group.ts';
import { batchedUnavailableReason } from '../wire/open-udp-socket.ts';
import type { TrackerMessage } from '../wire/tracker-message.ts';
import { parseFlags, type TrackerFlags, USAGE_CODE } from './cli.ts';
import { createLog, type Log } from './log.ts';
import { readSecretFile } from './secret-file.ts';
import { createTracker, type Tracker } from './server.ts';
import { BAD_STORE_CODE } from './store-target.ts';
import { createWorkerPool, type LostWorker } from './worker-pool.ts';

const NAME = 'tracker-lab tracker';
/** If something else keeps the process alive for so long after the stop, it is ended. */
const LINGER_MS = 2000;

const EVERY_ADDRESS = '::';
const EVERY_IPV4_ADDRESS = '0.0.0.0';
/** What binding `::` ends with where IPv6 is not built in or switched off. */
const withoutIpv6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT']);

const signalCodes = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated } as const;

/** A tracker, and by how many threads it serves. */
interface Serving {
  readonly tracker: Tracker;
  readonly workers: number;
}

async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    // Whoever read the output may be gone; a tracker goes on.
    stream.on('error', () => {});
  }
  const parsed = parseFlags(process.argv.slice(2), packageVersion);
  if ('text' in parsed) {
    process.stdout.write(parsed.text);
    return;
  }
  await serve(parsed.flags);
}

async function serve(flags: TrackerFlags): Promise<void> {
  const log = createLog(flags.logLevel, (line) => process.stderr.write(`${line}\n`));
  // From the first moment on: a signal during the start must not leave a half-started process behind.
  const asked = stopAsked(log);
  const { tracker, workers } = await start(flags, log);
  const { host, port, socketKind, receiveBuffer } = tracker;
  process.stdout.write(
    `listening on udp://${isIPv6(host) ? `[${host}]` : host}:${port} (${socketWords(socketKind, workers)}, receive buffer ` +
      `${receiveBuffer.askedBytes} bytes asked, ${receiveBuffer.givenBytes} given)\n`,
  );
  await tell({
    type: 'tracker-ready',
    name: NAME,
    version: packageVersion,
    host,
    port,
    socketKind,
    receiveBuffer,
    workers,
  });
  await asked;
  await stop(tracker, log);
}

function socketWords(kind: string, workers: number): string {
  return workers === 1 ? `${kind} socket` : `${workers} workers with a ${kind} socket each`;
}

/** Without --host, listens on IPv6 and IPv4, or on IPv4 alone where the system has no IPv6. */
async function start(flags: TrackerFlags, log: Log): Promise<Serving> {
  if (flags.host !== undefined) {
    return openTracker(flags, log, flags.host);
  }
  try {
    return await openTracker(flags, log, EVERY_ADDRESS);
  } catch (error) {
    const cause = error instanceof LabError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    if (cause?.code === undefined || !withoutIpv6.has(cause.code)) {
      throw error;
    }
    log.info(`no IPv6 here (${cause.code}); listening on IPv4 only`);
    return openTracker(flags, log, EVERY_IPV4_ADDRESS);
  }
}

/** With several workers where the machine can steer to them; else one, unless the batched kind was asked for by name. */
async function openTracker(flags: TrackerFlags, log: Log, host: string): Promise<Serving> {
  const { secret, secretFile } = flags;
  // Here already, so that one word says what is wrong with it however many workers there are.
  if (secretFile !== undefined) await readSecretFile(secretFile);
  const { store: url, storeOutage: outage } = flags;
  const options = {
    host,
    port: flags.port,
    peerLimit: flags.maxPeers,
    log,
    ...(flags.whitelist === undefined ? {} : { whitelistFile: flags.whitelist }),
    ...(secret === undefined ? {} : { secret, secretShared: true }),
    ...(secretFile === undefined ? {} : { secretFile, secretShared: true }),
    ...(url === undefined ? {} : { store: { url, outage } }),
    ...(flags.interval === undefined ? {} : { announceIntervalS: flags.interval }),
    ...(flags.maxTorrents === undefined ? {} : { swarmLimit: flags.maxTorrents }),
    ...(flags.maxPeersPerAddress === undefined ? {} : { peersPerAddress: flags.maxPeersPerAddress }),
    ...(flags.connectLimit === undefined ? {} : { connectsPerMinute: flags.connectLimit }),
  };
  if (flags.workers > 1) {
    try {
      const { workers, logLevel } = flags;
      const onLost = (lost: LostWorker): void => void tell({ type: 'tracker-worker-lost', ...lost });
      return { tracker: await createWorkerPool({ ...options, workers, logLevel, onLost }), workers };
    } catch (error) {
      const steers = !(error instanceof LabError && error.code === STEERING_UNAVAILABLE);
      if (steers || flags.socket !== 'auto') {
        throw error;
      }
      log.warn(`one worker instead of ${flags.workers}: ${error.message}`);
    }
  }
  const tracker = await createTracker({ ...options, socketKind: flags.socket });
  if (flags.socket === 'auto' && tracker.socketKind === 'dgram') {
    log.info(`a dgram socket, not a batched one: ${await batchedUnavailableReason()}`);
  }
  return { tracker, workers: 1 };
}

/** Fulfilled with the first reason to stop. A signal after it ends the process. */
function stopAsked(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const ask = (reason: string): void => {
      log.info(`stopping: ${reason}`);
      stopping = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (stopping) {
          process.exit(signalCodes[signal]);
        }
        ask(signal);
      });
    }
    if (process.connected) {
      process.once('disconnect', () => {
        if (!stopping) {
          ask('the parent process is gone');
        }
      });
    }
  });
}

async function stop(tracker: Tracker, log: Log): Promise<void> {
  await tracker.stop();
  const counters = tracker.counters();
  const told = Object.entries(counters).filter(([, count]) => count > 0);
  log.info(
    `stopped; ${told.map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing was received'}`,
  );
  await tell({ type: 'tracker-stopped', counters });
  if (process.connected) {
    process.disconnect();
  }
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function tell(message: TrackerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) {
      resolve();
      return;
    }
    // A parent that went away meanwhile is no error: the disconnect stops the tracker.
    process.send(message, () => resolve());
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof LabError)) {
    throw error;
  }
  process.stderr.write(`${error.toLine()}\n`);
  // Whatever else keeps it from serving means, to whoever started it, that the tracker did not get ready.
  const usage = error.code === USAGE_CODE || error.code === BAD_STORE_CODE;
  process.exitCode = usage ? ExitCode.usage : ExitCode.trackerFailed;
  if (process.connected) {
    process.disconnect();
  }
}
