/** Entry of the metronome's thread; see `metronome.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { MetronomeCell, type MetronomeSetup } from './metronome.ts';
import { monotonicNs } from './monotonic-clock.ts';

function beat({ startNs, periodNs, shared }: MetronomeSetup): void {
  const cells = new Int32Array(shared);
  for (;;) {
    const elapsedNs = monotonicNs() - startNs;
    const nextPointNs = elapsedNs < 0 ? 0 : (Math.floor(elapsedNs / periodNs) + 1) * periodNs;
    const slept = Atomics.wait(cells, MetronomeCell.stop, 0, (nextPointNs - elapsedNs) / 1e6);
    if (slept !== 'timed-out') return;
    if (Atomics.exchange(cells, MetronomeCell.underWay, 1) === 0) parentPort?.postMessage(null);
  }
}

beat(workerData as MetronomeSetup);
