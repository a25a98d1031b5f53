/** What a reader of the figures must know. Pure. */
import { formatShare } from '../report/format.ts';
import type { Capacity } from './capacity-schema.ts';

/** CPU use that is further from the wanted one than this is told of. */
const FAR_SHARE = 0.15;

/** One sentence each. */
export function capacityNotes(capacity: Omit<Capacity, 'notes'>): string[] {
  const { runs, assumptions, scaling, instance, cpuPerRequest } = capacity;
  const used = runs.filter((run) => run.used);
  const notes = [
    'CPU is all that is asked for: memory grows with the peers, and the network with the replies; what a user needs of them is not measured here.',
    'A user is a client with one torrent. Every kind of request is taken to cost the same.',
  ];
  notes.push(
    'Waits are those in the receive buffer and the CPU time of waking up. The scheduler, pauses such as garbage collection, the network and the client come on top: below saturation they are most of a latency.',
  );
  const use = used.reduce((sum, { usedShare }) => sum + usedShare, 0) / used.length;
  if (capacity.cpuPerWakeUp !== null) {
    const uses = used.map(({ usedShare }) => usedShare);
    notes.push(
      `The cost at ${formatShare(assumptions.cpuShare)} CPU is by the line over runs at ${formatShare(Math.min(...uses))} to ${formatShare(Math.max(...uses))}: a request that finds its thread asleep costs a wake-up more.`,
    );
  } else if (Math.abs(use - assumptions.cpuShare) > FAR_SHARE) {
    notes.push(
      `The cost was measured at ${formatShare(use)} CPU and is taken for that at ${formatShare(assumptions.cpuShare)}. A thread that has less to do finds fewer requests at each turn, and each costs more: measure at about ${Math.round(instance.requestsPerSecond.value)} requests a second (--rate), too, and name both runs.`,
    );
  }
  if (cpuPerRequest.low === cpuPerRequest.high) {
    notes.push('There is no interval: the seconds that have figures of CPU are too few, or all alike.');
  } else if (used.length === 1) {
    notes.push(
      'The interval is that between the seconds of one run. Another run differs by more: name several.',
    );
  }
  if (scaling.law === 'linear') {
    notes.push(
      `Instances are taken to share nothing, so that N of them carry N times what one does (${scaling.reason ?? 'assumed'}).`,
    );
  }
  if (assumptions.mixSource.connect === 'BEP 15') {
    notes.push(
      'A connection id lasts a minute and the interval is longer, so that a client connects before each announce (BEP 15); --connect-share says otherwise.',
    );
  }
  if (assumptions.receiveBuffer.source === 'kernel default') {
    notes.push("The tracker's receive buffer is not known; that of a socket which asks for none is taken.");
  }
  for (const { runId, invalid } of used) {
    if (invalid !== null)
      notes.push(`Run ${runId} is invalid (${invalid}); its CPU time per request is used all the same.`);
  }
  return notes;
}
