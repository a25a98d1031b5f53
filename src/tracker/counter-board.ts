/**
 * The counters of several threads in shared memory: each writes its own row, whoever likes reads. A thread that is
 * gone leaves what it wrote last.
 */

/** Room for the counters of one thread. */
const ROW_VALUES = 128;

/** Counters that tell what there is now; all others count since the start. */
const gauges: ReadonlySet<string> = new Set([
  'swarms.ipv4',
  'swarms.ipv6',
  'peers.ipv4',
  'peers.ipv6',
  'store.waiting',
  'store.up',
]);

/** Memory for one thread. */
export function createCounterRow(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * ROW_VALUES));
}

/** Writes counters into a row, in the order of their names. */
export function writeCounterRow(row: Float64Array, counters: Readonly<Record<string, number>>): void {
  let index = 0;
  for (const name in counters) {
    row[index] = counters[name] as number;
    index++;
  }
}

/** Reads a row. @param names - of the counters, in the order in which they were written */
export function readCounterRow(row: Float64Array, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, index) => [name, row[index] as number]));
}

/** Adds counters up, name by name. */
export function addCounters(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counters of all) {
    for (const [name, count] of Object.entries(counters)) {
      sum[name] = (sum[name] ?? 0) + count;
    }
  }
  return sum;
}

/** The counters of a thread that is gone: what it counted stays, what it held went with it. */
export function retireCounters(counters: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counters).map(([name, count]) => [name, gauges.has(name) ? 0 : count]),
  );
}
