/** A load thread like any other, but the second one dies in the middle of its work. */
import { parentPort, workerData } from 'node:worker_threads';
import '../../../dist/lab/load/load-worker.js';

if (workerData.thread === 1) {
  parentPort.on('message', (message) => {
    if (message.type === 'phase') setTimeout(() => process.exit(9), 300);
  });
}
