/** What to do about each cause, by the runtime of the tracker that was measured. */

import type { Evidence } from '../evidence.ts';
import type { RuleId } from '../finding.ts';
import { type TargetRuntime, targetRuntime } from '../target-runtime.ts';
import { causeAdvice } from './advice-causes.ts';

/** A piece of advice, and the socket kind that follows it already. */
export type Advice = string | { readonly text: string; readonly unless: string };

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
      "V8's profiler books built-ins (JSON.parse, sort, regular expressions, BigInt) on the function that calls them: where most is its own code, look first for one of these.",
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
  logging: {
    node: [
      'Do not log per request: count, and write the counts once a second.',
      'Where lines are needed, collect them in a buffer and write it on a timer, or hand them to a worker thread (pino with a transport does).',
      'Check the level before the text is made: a template string is built even where the line is dropped.',
    ],
    go: [
      'Do not log per request: count (sync/atomic, expvar) and write the counts once a second.',
      'Where lines are needed, write through a bufio.Writer that a ticker flushes; log takes a lock and makes a system call a line.',
    ],
    native: [
      'Do not log per request: count per thread and write the counts once a second.',
      'Where lines are needed, fill a buffer (setvbuf, _IOFBF) that one thread writes; each printf to a line-buffered stream is a system call.',
    ],
  },
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
  'external-wait': {
    node: [
      'Answer from memory, and ask outside (DNS, HTTP, a database, a file) beside the request, not in its way: refresh a cache on a timer.',
      'Where a timer holds replies back, send each with the batch that it came in.',
      'Calls that end in Sync and Atomics.wait block the only thread that serves the socket.',
    ],
    go: [
      'Answer from memory, and refresh what comes from outside in a goroutine of its own.',
      'Where a goroutine must ask, ask once for all that wait (golang.org/x/sync/singleflight) and keep the answer.',
    ],
    native: [
      'Answer from memory, and ask outside on another thread than the one that serves the socket.',
      'Look at where the threads sleep with `perf trace -s -p PID` or `strace -c -f -p PID`.',
    ],
  },
  'errors-returned': { node: errorAdvice, go: errorAdvice, native: errorAdvice },
  'generator-limited': { node: generatorAdvice, go: generatorAdvice, native: generatorAdvice },
};

/** What to measure next to be sure of the cause, by runtime; the same for all where it is one text. */
const confirmations: Readonly<Record<RuleId, string | Readonly<Record<TargetRuntime, string>>>> = {
  'gc-pressure': {
    node: 'To confirm, run once with --max-semi-space-size=64: if the share of garbage collection falls and the requests a second rise, it is the allocations.',
    go: 'To confirm, run once with GOGC=400 and look at `go tool pprof -sample_index=alloc_space -top allocations.pb.gz`: less collecting and more requests a second mean that it is the allocations.',
    native:
      'To confirm, preload another allocator (jemalloc, mimalloc) once: if the requests a second rise, it is the allocations.',
  },
  'lock-contention': {
    node: 'To confirm, run once with a single worker: if a request then takes less CPU and less time, it is the sharing.',
    go: 'To confirm, look at `go tool pprof -top mutex.pb.gz`, and run once with GOMAXPROCS=1: if a request then takes less time, it is the lock.',
    native: 'To confirm, run once with one thread: if a request then takes less time, it is the lock.',
  },
  'syscall-bound': {
    node: 'To confirm, count the calls a request with `perf trace -s -p PID`: one receive and one send are needed.',
    go: 'To confirm, count the calls a request with `strace -c -f -p PID`: one receive and one send are needed.',
    native:
      'To confirm, count the calls a request with `strace -c -f -p PID`: one receive and one send are needed.',
  },
  'cpu-hot-function': {
    node: 'To confirm, let the function return a constant once: the requests a second must rise by about what its share promises.',
    go: 'To confirm, look at `go tool pprof -peek FUNCTION cpu.pb.gz`, or let the function return a constant once: the requests a second must rise by about what its share promises.',
    native:
      'To confirm, let the function return a constant once: the requests a second must rise by about what its share promises.',
  },
  'memory-growth': {
    node: 'To confirm, run five times as long: a leak goes on at the same rate, a cache or a heap that settles does not.',
    go: 'To confirm, look at what the heap gained: `go tool pprof -top heap-growth.pb.gz`, or run five times as long.',
    native:
      'To confirm, run five times as long: a leak goes on at the same rate. heaptrack or valgrind --tool=massif name who allocated.',
  },
  'event-loop-stall':
    'To confirm, look at whether the stalls come at even times in the chart of event-loop delay, and whether their period is a timer of the tracker.',
  logging:
    'To confirm, run once with the output turned off (level, or to /dev/null): to /dev/null saves the writing only, turned off saves the making of the text too.',
  'receive-drops':
    'To confirm, run once with --rate at half of what was served: without drops there, it is the rate and not the bursts.',
  'external-wait': {
    node: 'To confirm, answer once without asking outside: the latency must fall by the wait.',
    go: 'To confirm, look at `go tool pprof -top goroutine.pb.gz` under load: the goroutines that wait stand in one place.',
    native:
      'To confirm, look at the stacks of the sleeping threads: `gdb -p PID -batch -ex "thread apply all bt"`.',
  },
  'errors-returned': 'To confirm, ask for one of the refused hashes with a single client.',
  'generator-limited': 'To confirm, run once at half the load: the send delay must fall below 1 ms.',
};

/**
 * Advice for a rule that found its cause: what to change, and last what to measure next.
 *
 * @param kind - of which kind the evidence shows the cause to be; null: that it does not tell
 */
export function adviceFor(rule: RuleId, evidence: Evidence, kind: string | null = null): readonly string[] {
  const runtime = targetRuntime(evidence);
  const special = kind === null ? null : causeAdvice(rule, kind, runtime);
  const changes = (special?.change ?? table[rule][runtime]).flatMap((advice) => {
    if (typeof advice === 'string') return [advice];
    return advice.unless === evidence.run.target.socketKind ? [] : [advice.text];
  });
  const general = confirmations[rule];
  const next = special?.confirm ?? (typeof general === 'string' ? general : general[runtime]);
  return [...changes, next];
}
