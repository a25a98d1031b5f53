/** A worker thread of a tracker: one socket of the group with the swarms that the kernel steers to it. */
import { parentPort, workerData } from 'node:worker_threads';
import { writeCounterRow } from './counter-board.ts';
import { type Log, type LogLevel, logLevels } from './log.ts';
import { PeerBudget } from './peer-budget.ts';
import { createTracker } from './server.ts';
import { ShardMesh } from './shard-mesh.ts';
import type { FromTrackerWorker, ToTrackerWorker, WorkerStart } from './worker-messages.ts';

/** So much of its counts is lost with a thread that is terminated; one that ends by an error writes its last ones. */
const PUBLISH_MS = 100;

const start = workerData as WorkerStart;
const main = parentPort;
if (main === null) {
  throw new Error('this file runs as a worker thread of the tracker only');
}

const tell = (message: FromTrackerWorker): void => main.postMessage(message);
const mesh = new ShardMesh();
for (const { shard, port } of start.peers) {
  mesh.join(shard, port);
}
const stopAsked = new Promise<void>((resolve) => {
  main.on('message', function onOrder(message: ToTrackerWorker) {
    if (message.type === 'peer') {
      mesh.join(message.shard, message.port);
    } else {
      resolve();
    }
  });
});

const tracker = await createTracker({
  host: start.host,
  port: start.port,
  socketKind: 'batched',
  log: createWorkerLog(start.logLevel, start.shard),
  secret: start.secret,
  ...(start.secretFile === null ? {} : { secretFile: start.secretFile }),
  secretShared: start.secretShared,
  ...(start.store === null ? {} : { store: start.store }),
  peerLimit: start.peerLimit,
  ...(start.whitelistFile === null ? {} : { whitelistFile: start.whitelistFile }),
  ...(start.announceIntervalS === null ? {} : { announceIntervalS: start.announceIntervalS }),
  ...(start.peersPerAddress === null ? {} : { peersPerAddress: start.peersPerAddress }),
  ...(start.connectsPerMinute === null ? {} : { connectsPerMinute: start.connectsPerMinute }),
  shard: {
    index: start.shard,
    count: start.shards,
    descriptor: start.descriptor,
    budgets: {
      ipv4: new PeerBudget(start.budgets.ipv4, start.shard),
      ipv6: new PeerBudget(start.budgets.ipv6, start.shard),
      ipv4Swarms: new PeerBudget(start.budgets.ipv4Swarms, start.shard),
      ipv6Swarms: new PeerBudget(start.budgets.ipv6Swarms, start.shard),
    },
    mesh,
  },
});
const publish = (): void => writeCounterRow(start.counterRow, ownCounters());
const timer = setInterval(publish, PUBLISH_MS);
process.on('exit', publish);
tell({ type: 'serving', counterNames: Object.keys(ownCounters()) });

await stopAsked;
clearInterval(timer);
await tracker.stop();
main.close();

/** The drops are the socket's, which outlives this thread: the main thread reads them. */
function ownCounters(): Record<string, number> {
  const { 'socket.receiveDrops': _drops, ...counters } = tracker.counters();
  return counters;
}

function createWorkerLog(level: LogLevel, shard: number): Log {
  const kept = logLevels.indexOf(level);
  const at = (lineLevel: LogLevel) => (line: string) => {
    if (logLevels.indexOf(lineLevel) <= kept) {
      tell({ type: 'log', level: lineLevel, line: `worker ${shard + 1}: ${line}` });
    }
  };
  return {
    debugs: level === 'debug',
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
  };
}
