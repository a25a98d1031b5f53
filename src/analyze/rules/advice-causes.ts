/** What to do about a cause where the evidence shows of which kind it is, by rule, kind and runtime. */
import type { RuleId } from '../finding.ts';
import type { TargetRuntime } from '../target-runtime.ts';
import type { Advice } from './advice.ts';

/** What to change and, where it differs from the rule's own, what to measure next. */
interface CauseAdvice {
  readonly change: readonly Advice[];
  readonly confirm?: string;
}

type ByRuntime = Partial<Readonly<Record<TargetRuntime | 'all', CauseAdvice>>>;

const answerOutside = (what: string): ByRuntime => ({
  all: {
    change: [
      `Keep what was asked of ${what} in memory, and refresh it beside the requests: a request then waits for nothing.`,
      `Where it must be asked, ask once for all requests that wait for the same answer, with a time limit and an answer for when it is late.`,
    ],
    confirm: `To confirm, answer once without asking ${what}: the latency must fall by the wait.`,
  },
});

const table: Partial<Readonly<Record<RuleId, Readonly<Record<string, ByRuntime>>>>> = {
  'gc-pressure': {
    buffers: {
      node: {
        change: [
          'Write replies into one preallocated Buffer and hand out subarrays of it: each Buffer made for a request is an object to collect and bytes to clear.',
          'Copy no datagram that is read and answered at once: read its fields where they lie.',
        ],
      },
      go: {
        change: [
          'Size slices up front (make with a capacity) and reuse reply buffers with sync.Pool: growing one copies it each time.',
        ],
      },
      native: { change: ['Keep one buffer a thread for replies, as long as its socket lives.'] },
    },
    text: {
      node: {
        change: [
          'Make no string for each request: look peers and torrents up by numbers or by the bytes themselves, and make text only where somebody reads it.',
          'A key of two 64-bit halves in nested Maps, or an index by hash into typed arrays, takes the place of hex strings.',
        ],
      },
      go: {
        change: [
          'Use the array itself ([20]byte) as a key of a map in place of a string, and append to a byte slice in place of fmt.Sprintf and +.',
        ],
      },
      native: {
        change: ['Compare and store the bytes themselves in place of text that is made for each request.'],
      },
    },
    JSON: {
      all: {
        change: [
          'Keep what is needed for an answer as it is needed, and not as JSON: decoding makes all of its objects anew for each request.',
        ],
      },
    },
    maps: {
      node: { change: ['Keep a Map or Set between requests and clear it, in place of a new one for each.'] },
      go: {
        change: [
          'Make no map for each request: a struct with fields, or one map that is cleared and used again, allocates nothing.',
        ],
      },
    },
    objects: {
      node: {
        change: [
          'Make no object, array or closure for each peer of a reply: write its fields straight into the reply.',
          'Keep peers and counters in typed arrays: what is a number there is no object to collect.',
        ],
      },
      go: {
        change: [
          'Keep values in slices of structs in place of pointers and interfaces: each boxed value is an allocation (`go build -gcflags=-m` tells which escape).',
        ],
      },
    },
  },
  'lock-contention': {
    mutex: {
      go: {
        change: [
          'Do under sync.(*Mutex).Lock only what needs it: encode the reply, write and allocate before or after.',
          'Shard what it guards by info hash and lock a shard; where most requests only read, use an RWMutex.',
        ],
      },
      native: {
        change: [
          'Shard the swarms by info hash, one mutex or one thread a shard, and hold it for the table only.',
          'Look at who calls pthread_mutex_lock with `perf record -g`, and at how long with `perf lock contention`.',
        ],
      },
    },
    rwmutex: {
      all: {
        change: [
          'A lock for readers and writers does not help where each request writes (an announce does), and its readers share one counter: shard what it guards by info hash.',
          'Take the write lock for the change only, and find out what to change under the read lock.',
        ],
      },
    },
    'spin lock': {
      all: {
        change: [
          'Replace the spin lock by a mutex, or shard what it guards: while one thread holds it the others burn CPU, and without a core of its own the holder cannot go on.',
        ],
      },
    },
    socket: {
      all: {
        change: [
          'Give each goroutine or thread a socket of its own (SO_REUSEPORT): writes to one socket wait for each other.',
        ],
      },
    },
    allocator: {
      all: {
        change: [
          'The lock is that of malloc: reuse buffers a thread, or use an allocator with arenas a thread (jemalloc, mimalloc).',
        ],
        confirm:
          'To confirm, preload another allocator (jemalloc, mimalloc) once: if a request then takes less time, it is that lock.',
      },
    },
  },
  'syscall-bound': {
    files: {
      all: {
        change: [
          'Read the file once and keep it; look whether it changed on a timer (or have inotify tell), not for each request.',
        ],
        confirm:
          'To confirm, answer once without touching the file: the kernel time a request must fall to the floor of one receive and one send.',
      },
    },
    'the clock': {
      all: {
        change: [
          'Read the clock once a batch of datagrams and hand the time on; use one that needs no system call (clock_gettime by the vDSO).',
        ],
      },
    },
    'other calls': {
      all: { change: ['Make these calls once a batch, or on a timer, and keep what they tell.'] },
    },
  },
  'cpu-hot-function': {
    JSON: {
      all: {
        change: [
          'Keep what is needed for an answer decoded between requests: the same text is parsed or made again for each.',
          'Where JSON has to be written, write it when the data changes or on a timer.',
        ],
      },
    },
    'regular expressions': {
      all: {
        change: [
          'Test prefixes by comparing bytes, or look them up in a Map or Set: a list of patterns is walked for each request.',
          'Where patterns are needed, join them into one, compile it once, and keep its answer by what was asked.',
        ],
      },
    },
    sorting: {
      all: {
        change: [
          'Keep the order when something is added or removed, or take the few that are wanted (a heap, a random start): sorting all of a swarm for each request costs n log n.',
        ],
      },
    },
    hashing: {
      all: {
        change: [
          'Hash once for what stays the same (an address, a minute) and keep it; a keyed hash for short input (SipHash) is enough for connection ids.',
          'Check first what needs no hash, and hash only what passes.',
        ],
      },
    },
    'big integers': {
      all: {
        change: [
          'Take ids apart into 32-bit words, or compare their bytes: each big integer is made on the heap.',
        ],
      },
    },
    text: {
      all: {
        change: ['Compare and look up the bytes themselves: text is made of them here for each request.'],
      },
    },
    buffers: {
      all: { change: ['Copy less: write fields straight into the reply, and hand out parts of one buffer.'] },
    },
  },
  'memory-growth': {
    'V8 heap': {
      node: {
        change: [
          'Look for what is kept on the heap for each request: a list of the recent, a Map without a bound, a closure or a timer that is never cleared.',
          'Give what is kept a bound or an age, and remove it from every index when it goes.',
        ],
      },
    },
    'off-heap buffers': {
      node: {
        change: [
          'Look for Buffers that are kept: a subarray keeps the whole of its memory alive, so copy the bytes that are needed (Buffer.from) and let the datagram go.',
        ],
      },
    },
    'native memory': {
      node: {
        change: [
          'The runtime has no account of it: look at addons, at worker threads that are started again and again, and at fragmentation (MALLOC_ARENA_MAX=2 once).',
        ],
        confirm:
          'To confirm, run once under jemalloc with MALLOC_CONF=prof:true, or heaptrack: they name who called malloc.',
      },
    },
    peers: {
      all: {
        change: [
          'Memory follows the peers: see how many bytes one takes (evidence below), and keep fewer (fields in typed arrays or packed structs, no text of an address).',
          'Check that peers expire: after the announce interval their number, and the memory, must stand still.',
        ],
        confirm:
          'To confirm, run with half of the workers: the growth must be half, however many requests are served.',
      },
    },
  },
  'event-loop-stall': {
    collections: {
      node: {
        change: [
          'Keep fewer objects alive: a collection of the old generation takes as long as there is to mark. Typed arrays hold numbers without any.',
          'Make fewer that live a little longer than a request: they are copied twice before they die.',
        ],
        confirm:
          'To confirm, run once with --trace-gc: the pauses it prints must be as long as the stalls, and come with them.',
      },
    },
    files: {
      node: {
        change: [
          'Write the file by node:fs/promises or in a worker thread: a synchronous call holds the thread that serves the socket until the disk is done.',
          'Write what changed, in parts, in place of the whole state at once.',
        ],
        confirm:
          'To confirm, let the file lie on a RAM disk (/dev/shm) once: what the disk takes of the stall goes, what making the text takes stays.',
      },
    },
    'another process': {
      node: {
        change: ['Start the process by spawn or execFile, not by their Sync forms, and keep what it told.'],
      },
    },
    JSON: {
      node: {
        change: [
          'Make the text in a worker thread, or a part at a time: JSON.stringify and JSON.parse of a whole state run to their end in one go.',
        ],
      },
    },
    'periodic work': {
      node: {
        change: [
          'Cut the work that walks over everything (expiry, statistics) into slices: so many entries a turn, or those of a swarm when it is asked for.',
          'Keep entries in order of age, so that only those that are due are looked at.',
        ],
        confirm:
          'To confirm, change the period of the timer: the stalls in the chart of event-loop delay must come at the new one.',
      },
    },
  },
  logging: {
    console: {
      node: {
        change: [
          'Do not log per request by console: it formats with util.inspect and writes synchronously to files and terminals. Count, and print the counts once a second.',
          'Where lines are needed, collect them in a buffer and write it on a timer, or hand them to a worker thread (pino with a transport does).',
        ],
      },
    },
    'a file': {
      node: {
        change: [
          'Do not open and write a file for each line (appendFileSync does both, synchronously): keep one stream open, collect lines, and write them on a timer.',
          'Do not log per request: count, and write the counts once a second.',
        ],
      },
    },
  },
  'receive-drops': {
    CPU: {
      node: {
        change: [
          'The tracker has no CPU left to read with: a larger buffer only delays the drops. Make a request cheaper (the function that is named) first.',
          'Serve with more workers, a socket each (SO_REUSEPORT), as far as there are cores.',
          {
            text: 'Empty the queue with several datagrams per call: the batched socket in place of dgram.',
            unless: 'batched',
          },
        ],
      },
      go: {
        change: [
          'The tracker has no CPU left to read with: make a request cheaper (the function that is named) before buffers are raised.',
          'Read with a goroutine and a socket (SO_REUSEPORT) a core, in batches (ipv4.PacketConn ReadBatch).',
        ],
      },
      native: {
        change: [
          'The tracker has no CPU left to read with: make a request cheaper (the function that is named) before buffers are raised.',
          'Add receiving threads with SO_REUSEPORT as far as there are cores, and read with recvmmsg.',
        ],
      },
    },
    'held up': {
      node: {
        change: [
          'Move the work that is named off the thread that reads the socket, or cut it into slices: while it runs, nothing is read.',
          'Ask for a receive buffer (SO_RCVBUF; net.core.rmem_max) that holds what arrives meanwhile: rate times the longest hold times about 1 kB a datagram, as the kernel counts it.',
        ],
        confirm:
          'To confirm, leave the work that is named out once: the drops must go at the same rate of requests.',
      },
      go: {
        change: [
          'Do the work that is named in a goroutine of its own: while the one that reads the socket is in it, nothing is read.',
          'Raise SetReadBuffer and net.core.rmem_max so that what arrives meanwhile has room.',
        ],
        confirm:
          'To confirm, leave the work that is named out once: the drops must go at the same rate of requests.',
      },
      native: {
        change: [
          'Do the work that is named on another thread than the one that reads, and raise SO_RCVBUF so that what arrives meanwhile has room.',
        ],
        confirm:
          'To confirm, leave the work that is named out once: the drops must go at the same rate of requests.',
      },
    },
  },
  'external-wait': {
    DNS: answerOutside('DNS'),
    HTTP: answerOutside('the HTTP service'),
    'a database': answerOutside('the database'),
    files: answerOutside('the file system'),
    'another process': answerOutside('the other process'),
    'a connection': {
      all: {
        change: [
          'Keep connections open between requests (a pool), and ask over them beside the requests, not in their way.',
        ],
      },
    },
    'a timer': {
      all: {
        change: [
          'A timer holds replies back: send each with the batch that it came in.',
          'Where the delay is meant (to fight abuse), apply it to those that it is meant for only.',
        ],
        confirm: 'To confirm, set the delay to 0 once: the latency must fall by it.',
      },
    },
    'a sleep': {
      all: {
        change: [
          'Remove the sleep from the way of a request; what has to wait belongs on a goroutine or thread of its own.',
        ],
        confirm: 'To confirm, set the sleep to 0 once: the latency must fall by it.',
      },
    },
  },
  'errors-returned': {
    'connection id': {
      all: {
        change: [
          'Accept a connection id for two minutes after it was given out (BEP 15), and check that it is computed alike by all workers that share the port.',
        ],
        confirm: 'To confirm, let one client connect and announce at once: a fresh id must be accepted.',
      },
    },
    'rate limit': {
      all: {
        change: [
          'The tracker limits this load: all of its clients come from one address. Raise the limit for it, or count by address and port, to measure the tracker itself.',
          'Where the limit is to be kept, drop in place of answering: an error reply costs about as much as an answer.',
        ],
        confirm: 'To confirm, run once with --rate below the limit: the errors must go.',
      },
    },
    'unknown torrent': {
      all: {
        change: [
          'The tracker serves a list of torrents: write the hashes of this load with `tracker-lab hashes` and give the file to the tracker, or give the load a file of those that it knows.',
        ],
        confirm: 'To confirm, ask for one of the refused hashes with a single client.',
      },
    },
    access: {
      all: {
        change: [
          'The tracker refuses these clients or torrents: look at its list of who is allowed, and whether all of it was loaded.',
          'For a whitelist of torrents, write the hashes of this load with `tracker-lab hashes` and give the file to the tracker.',
        ],
        confirm: 'To confirm, ask as one of the refused clients alone: it must be refused without any load.',
      },
    },
    malformed: {
      all: {
        change: [
          'Hold the replies against BEP 15 byte by byte: action, transaction id, and a length of 20 + 6 n for an announce, 8 + 12 n for a scrape.',
        ],
        confirm:
          'To confirm, capture one reply (`tcpdump -i lo -X udp port PORT -c 20`) and count its bytes.',
      },
    },
    internal: {
      all: {
        change: [
          'The tracker fails by itself: look at its own log for the time of the load, and at what it asks of others.',
        ],
      },
    },
  },
};

/** The advice for one kind of a rule's cause; null where there is none apart from the rule's own. */
export function causeAdvice(rule: RuleId, kind: string, runtime: TargetRuntime): CauseAdvice | null {
  const byRuntime = table[rule]?.[kind];
  return byRuntime?.[runtime] ?? byRuntime?.all ?? null;
}
