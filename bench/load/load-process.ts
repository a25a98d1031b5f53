/** Entry of the load process: fills trackers and loads them, on orders of the benchmark. Ends with it. */
import { fill } from './fill.ts';
import { type FromLoadProcess, OWN_CORES, type ToLoadProcess } from './load-messages.ts';
import { runLoad } from './run-load.ts';

const ownCores = process.argv.includes(OWN_CORES);

function answer(message: FromLoadProcess): void {
  process.send?.(message);
}

async function carryOut(order: ToLoadProcess): Promise<void> {
  try {
    if (order.type === 'fill') await fill(order.spec);
    const figures = order.type === 'load' ? await runLoad(order.spec, ownCores) : null;
    answer({ type: 'done', id: order.id, figures });
  } catch (error) {
    answer({ type: 'failed', id: order.id, reason: error instanceof Error ? error.message : String(error) });
  }
}

process.on('message', (order: ToLoadProcess) => void carryOut(order));
process.once('disconnect', () => process.exit());
