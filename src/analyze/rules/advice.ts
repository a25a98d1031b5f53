/** What to do about each cause, by the runtime of the tracker that was measured. */

import type { Evidence } from '../evidence.ts';
import type { RuleId } from '../finding.ts';
import { type TargetRuntime, targetRuntime } from '../target-runtime.ts';

/** A piece of advice, and the socket kind that follows it already. */
type Advice = string | { readonly text: string; readonly unless: string };

type AdviceTable = Readonly<Record<RuleId, Readonly<Record<TargetRuntime, readonly Advice[]>>>>;

const generatorAdvice = [
  'Give the generator more cores (--load-threads, --pin) or load from a second machine.',
  'Offer less: a smaller --concurrency, or --rate below what this run reached.',
];
const errorAdvice = [
  'Read the texts of the error replies below; a whitelist or a rate limit of the tracker is the usual reason.',
  'For a whitelist, write the hashes of this load with `tracker-lab hashes` and give the file to the tracker.',
];

const table: AdviceTable = {
  'gc-pressure': {
    node: [
      'Write replies into one preallocated Buffer and hand out subarrays, so that a request allocates nothing that outlives it.',
      'Keep peers and counters in typed arrays; objects and strings per request are what the young generation collects.',
      'Where the collections are of the minor kind, try --max-semi-space-size=32 and measure again.',
    ],
    go: [
      'Reuse buffers with sync.Pool and size slices and maps up front: each call of runtime.mallocgc less is also less to collect.',
      'Compare runs with a larger GOGC to see how much of the time the collector itself takes.',
    ],
    native: [
      'Use an arena or per-thread buffers that live as long as the socket, in place of malloc per request.',
    ],
  },
  'lock-contention': {
    node: [
      'Share nothing between worker threads: one socket (SO_REUSEPORT) and one set of swarms each, messages only for scrapes that span them.',
      'Where Atomics.wait is needed, wait outside the thread that serves the socket.',
    ],
    go: [
      'Shard the swarm map by info hash and lock a shard, or keep reads under an RWMutex.',
      'Do under sync.(*Mutex).Lock only what needs it: encode the reply and allocate before or after.',
    ],
    native: [
      'Shard the swarms by info hash, one lock or one thread a shard.',
      'Look at who calls pthread_mutex_lock with `perf record -g`, and at how long with `perf lock contention`.',
    ],
  },
  'syscall-bound': {
    node: [
      {
        text: 'Take several datagrams per call: the batched socket (recvmmsg and sendmmsg) in place of dgram.',
        unless: 'batched',
      },
      'Spread the load over more cores: one worker with its own SO_REUSEPORT socket per core.',
    ],
    go: [
      'Read and write in batches (ipv4.PacketConn ReadBatch and WriteBatch), one SO_REUSEPORT socket per core.',
    ],
    native: ['Use recvmmsg and sendmmsg or io_uring, one SO_REUSEPORT socket per core.'],
  },
  'cpu-hot-function': {
    node: [
      'Open the flame graph at this function and look at what it calls for each request that could be kept between requests.',
      'Check that it stays optimised: one shape of arguments, no try/catch per byte, no spread or closures in the loop.',
    ],
    go: [
      'Look at its lines with `go tool pprof -list`, and move work that is the same for each request out of it.',
    ],
    native: [
      'Look at its instructions with perf annotate, and move work that is the same for each request out of it.',
    ],
  },
  'memory-growth': {
    node: [
      'See whether heap, external or array buffers grow: the first are objects, the others are Buffers.',
      'Look at the live-heap table below for what is kept, and check that peers expire.',
    ],
    go: ['Compare two heap profiles (inuse_space) of the run, and check that peers expire.'],
    native: ['Check that peers expire, and compare the allocator’s own statistics at two moments.'],
  },
  'event-loop-stall': {
    node: [
      'Cut work that walks over everything (expiry, statistics) into slices that ride on requests or on a timer.',
      'Move file and log writes off the thread that serves the socket.',
    ],
    go: ['Look for long stop-the-world pauses with GODEBUG=gctrace=1.'],
    native: ['Look for periodic work on the thread that serves the socket.'],
  },
  logging: { node: [], go: [], native: [] },
  'receive-drops': {
    node: [
      'Ask for a larger receive buffer (SO_RCVBUF; raise net.core.rmem_max to have it granted).',
      {
        text: 'Empty the queue with several datagrams per call: the batched socket in place of dgram.',
        unless: 'batched',
      },
      'Serve with more workers, a socket each, so that the queues are emptied faster than they fill.',
    ],
    go: ['Raise SetReadBuffer and net.core.rmem_max, and read with more than one goroutine or socket.'],
    native: ['Raise SO_RCVBUF and net.core.rmem_max, and add receiving threads with SO_REUSEPORT.'],
  },
  'external-wait': { node: [], go: [], native: [] },
  'errors-returned': { node: errorAdvice, go: errorAdvice, native: errorAdvice },
  'generator-limited': { node: generatorAdvice, go: generatorAdvice, native: generatorAdvice },
};

/** Advice for a rule that found its cause. */
export function adviceFor(rule: RuleId, evidence: Evidence): readonly string[] {
  return table[rule][targetRuntime(evidence)].flatMap((advice) => {
    if (typeof advice === 'string') return [advice];
    return advice.unless === evidence.run.target.socketKind ? [] : [advice.text];
  });
}
