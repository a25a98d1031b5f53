/** The planted trackers in Node.js: `node/ID.mjs`. */
import { type AlsoRight, fullSwarms, longEnoughForTrend, moderateRate, type Plant } from './plant.ts';

const cpu: readonly Plant[] = [
  {
    id: 'json-peers',
    runtime: 'node',
    mistake: 'JSON.parse of some 60 stored peers an announce, in `decodePeer`',
    expected: { rule: 'cpu-hot-function', functions: ['decodePeer'] },
  },
  {
    id: 'sorted-peers',
    runtime: 'node',
    mistake: 'the whole swarm is sorted for each announce, in `freshestFirst`',
    expected: { rule: 'cpu-hot-function', functions: ['freshestFirst'] },
  },
  {
    id: 'client-filter',
    runtime: 'node',
    mistake: '120 regular expressions against each peer id, in `isBanned`',
    expected: { rule: 'cpu-hot-function', functions: ['isBanned'] },
  },
  {
    id: 'bigint-ids',
    runtime: 'node',
    mistake: 'ids of 160 bits made of bytes as BigInt, time and again, in `idOf`',
    expected: { rule: 'cpu-hot-function', functions: ['idOf'] },
  },
  {
    id: 'signed-ids',
    runtime: 'node',
    mistake: 'four HMAC-SHA256 a datagram, in `signatureOf`',
    expected: { rule: 'cpu-hot-function', functions: ['signatureOf'] },
  },
];

/** Measured: of 100 parts of CPU 14 go into making the objects of `remember`, 6 into collecting them on the same thread. */
const hotByAllocating = (name: string): AlsoRight => ({
  rule: 'cpu-hot-function',
  functions: [name],
  reason:
    'V8 allocates inline: making objects may cost more than collecting them, and what to change is the same',
});

const memory: readonly Plant[] = [
  {
    id: 'recent-announces',
    runtime: 'node',
    mistake: 'the last 8,000 announces kept with their peers as objects, made in `remember`',
    expected: { rule: 'gc-pressure', functions: ['remember'], also: [hotByAllocating('remember')] },
    load: fullSwarms,
  },
  {
    id: 'reply-cache',
    runtime: 'node',
    mistake: 'the last 10,000 replies kept as lists of objects, made in `cacheReply`',
    expected: { rule: 'gc-pressure', functions: ['cacheReply'], also: [hotByAllocating('cacheReply')] },
    load: fullSwarms,
  },
  {
    id: 'seen-transactions',
    runtime: 'node',
    mistake: 'a map of transactions that never forgets, filled by `isRepeated`',
    expected: { rule: 'memory-growth', functions: ['isRepeated'] },
    load: longEnoughForTrend,
  },
  {
    id: 'audit-trail',
    runtime: 'node',
    mistake: 'a closure for each announce in an array, made in `audit`',
    expected: { rule: 'memory-growth', functions: ['audit'] },
    load: longEnoughForTrend,
  },
  {
    id: 'kept-datagrams',
    runtime: 'node',
    mistake: 'a buffer of 1 KiB kept for one announce in four, outside of the heap, in `keep`',
    expected: { rule: 'memory-growth', functions: ['keep'] },
    load: longEnoughForTrend,
  },
];

const waiting: readonly Plant[] = [
  {
    id: 'sweep-expiry',
    runtime: 'node',
    mistake: '700,000 torrents looked through twice a second, in `sweepExpired`',
    expected: { rule: 'event-loop-stall', functions: ['sweepExpired'] },
  },
  {
    id: 'sync-snapshot',
    runtime: 'node',
    mistake: 'the state saved as JSON each second, synchronously, in `saveSnapshot`',
    expected: { rule: 'event-loop-stall', functions: ['saveSnapshot'] },
  },
  {
    id: 'shared-table',
    runtime: 'node',
    mistake: 'Atomics.wait in `acquire` for a worker thread that holds the lock in `persist` while it writes',
    expected: { rule: 'lock-contention', functions: ['acquire', 'persist'] },
  },
  {
    id: 'auth-service',
    runtime: 'node',
    mistake: 'an HTTP service of 20 ms asked for each announce, in `isAllowed`',
    expected: { rule: 'external-wait', functions: ['isAllowed', 'ask'] },
    load: ['--concurrency', '20'],
  },
  {
    id: 'reverse-dns',
    runtime: 'node',
    mistake: 'a name server of 15 ms asked for each announce, in `providerOf`',
    expected: { rule: 'external-wait', functions: ['providerOf'] },
    load: ['--concurrency', '20'],
  },
  {
    id: 'delayed-reply',
    runtime: 'node',
    mistake: 'a timer of 25 ms before each reply, in `afterPause`',
    expected: { rule: 'external-wait', functions: ['afterPause', 'wait'] },
    // A hundred workers make too few requests for the profiler to see who sets the timers.
    load: ['--concurrency', '400'],
  },
];

const kernel: readonly Plant[] = [
  {
    id: 'stat-config',
    runtime: 'node',
    mistake: 'five stat calls a datagram, in `hasChanged`',
    expected: { rule: 'syscall-bound', functions: ['hasChanged'] },
  },
  {
    id: 'console-log',
    runtime: 'node',
    mistake: 'console.log of each announce, in `logRequest`',
    expected: { rule: 'logging', functions: ['logRequest'] },
  },
  {
    id: 'append-log',
    runtime: 'node',
    mistake: 'fs.appendFileSync for each announce, in `writeLine`',
    expected: { rule: 'logging', functions: ['writeLine'] },
  },
  {
    id: 'small-buffer',
    runtime: 'node',
    mistake: 'a receive buffer of 4 KiB, and ten times a second 10 ms in `addUp`',
    expected: { rule: 'receive-drops', functions: [] },
    load: [...moderateRate, '--timeout', '1s'],
  },
  {
    id: 'strict-limiter',
    runtime: 'node',
    mistake: 'one announce in five refused by a limit an address, in `isOverLimit`',
    expected: { rule: 'errors-returned', functions: [] },
  },
  {
    id: 'unknown-clients',
    runtime: 'node',
    mistake: 'half of the clients unknown to `isKnown`',
    expected: { rule: 'errors-returned', functions: [] },
  },
];

/** All of them; `healthy-dgram` is a tracker without a known mistake. */
export const nodePlants: readonly Plant[] = [
  ...cpu,
  ...memory,
  ...waiting,
  ...kernel,
  {
    id: 'healthy-dgram',
    runtime: 'node',
    mistake: 'none: a plain tracker on node:dgram',
    expected: null,
  },
];
