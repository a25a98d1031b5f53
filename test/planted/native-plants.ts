/** The planted trackers in Go (`go/ID/main.go`) and in C (`c/ID.c`). */
import { longEnoughForTrend, moderateRate, type Plant, type Variants } from './plant.ts';

const goPlants: readonly Plant[] = [
  {
    id: 'bencode-dicts',
    runtime: 'go',
    mistake: 'a map with boxed values made for each peer of a reply, in `toDict`',
    expected: { rule: 'gc-pressure', functions: ['main.toDict'] },
  },
  {
    id: 'journal-lock',
    runtime: 'go',
    mistake: 'the one mutex held during a write to a slow disk, in `(*tracker).announce`',
    expected: {
      rule: 'lock-contention',
      functions: ['main.(*tracker).announce', 'main.(*tracker).journal'],
    },
  },
  {
    id: 'ban-list',
    runtime: 'go',
    mistake: 'three small files read an announce, in `(*banList).holds`',
    expected: { rule: 'syscall-bound', functions: ['main.(*banList).holds'] },
  },
  {
    id: 'request-log',
    runtime: 'go',
    mistake: 'log.Printf of each announce, in `logAnnounce`',
    expected: { rule: 'logging', functions: ['main.logAnnounce'] },
  },
  {
    id: 'seen-clients',
    runtime: 'go',
    mistake: 'a map of transactions that never forgets, filled by `(*clients).note`',
    expected: { rule: 'memory-growth', functions: ['main.(*clients).note'] },
    load: longEnoughForTrend,
  },
  {
    id: 'slow-reader',
    runtime: 'go',
    mistake: 'a receive buffer of 4 KiB, and 10 ms in `(*counters).report` in which nobody reads',
    expected: { rule: 'receive-drops', functions: [] },
    load: [...moderateRate, '--timeout', '1s'],
  },
  {
    id: 'healthy',
    runtime: 'go',
    mistake: 'none: a plain tracker in Go',
    expected: null,
  },
];

/** Of a tracker that nothing is planted in. */
const loadOnly: Variants = {
  scales: [],
  reason:
    'the tracker costs what it does: what is wrong is the load, and whether half of it can be offered is a question of the machine',
};

const cPlants: readonly Plant[] = [
  {
    id: 'linear-scan',
    runtime: 'c',
    mistake: 'peers found by a walk over a list that compares texts, in `find_peer` by `is_same`',
    expected: { rule: 'cpu-hot-function', functions: ['find_peer', 'is_same'] },
    load: ['--concurrency', '400', '--swarm-hashes', '5'],
  },
  {
    id: 'clock-file',
    runtime: 'c',
    mistake: 'the time read from /proc for each datagram, in `read_uptime`',
    expected: { rule: 'syscall-bound', functions: ['read_uptime'] },
  },
  {
    id: 'busy-helper',
    runtime: 'c',
    mistake: 'a helper process that spins on another core, in `add_up`',
    expected: { rule: 'cpu-hot-function', functions: ['add_up'] },
    variants: {
      scales: [0.5],
      reason: 'the helper has a whole core already, and twice of that is not to be had',
      hasOwnCore: true,
    },
  },
  {
    id: 'batched',
    runtime: 'c',
    mistake: 'none; asked of the generator is a rate that it cannot offer',
    expected: { rule: 'generator-limited', functions: [] },
    load: ['--rate', '600000'],
    variants: loadOnly,
  },
  {
    id: 'crowded-generator',
    program: 'batched',
    runtime: 'c',
    mistake: 'none; four load threads share one core and are asked for half a million requests a second',
    expected: { rule: 'generator-limited', functions: [] },
    load: ['--rate', '500000', '--load-threads', '4'],
    variants: loadOnly,
  },
];

export const nativePlants: readonly Plant[] = [...goPlants, ...cPlants];
