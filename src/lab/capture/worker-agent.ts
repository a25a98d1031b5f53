import { threadId } from 'node:worker_threads';
import { packageRoot } from '../../package-root.ts';
import type { AgentSettings } from './agent-protocol.ts';
import { FrameLocator } from './frame-locator.ts';
import { openWorkerChannel } from './thread-channel.ts';
import { ThreadProfilers } from './thread-profilers.ts';
import { ThreadReader } from './thread-reading.ts';

/** Runs in each worker thread of the profiled program: does what the main thread says over the channel. */
export function runWorkerAgent(settings: AgentSettings | null): void {
  const thread = `worker ${threadId}`;
  const profilers = new ThreadProfilers(thread);
  let reader: ThreadReader | undefined;
  let timer: NodeJS.Timeout | undefined;

  const channel = openWorkerChannel(function onOrder(message) {
    if (message.type === 'start') {
      const missing = profilers.start(message.request);
      channel.send({ type: 'done', id: message.id, thread, profiles: [], missing });
    } else if (message.type === 'stop') {
      const locator = new FrameLocator({ program: message.programRoot, agent: packageRoot });
      void profilers.stop(locator).then((stopped) => {
        channel.send({ type: 'done', id: message.id, thread, ...stopped });
      });
    } else if (message.type === 'sample') {
      const current = reader ?? new ThreadReader();
      reader = current;
      const sendReading = () => channel.send({ type: 'reading', thread, reading: current.read() });
      clearInterval(timer);
      timer = setInterval(sendReading, message.intervalMs).unref();
      sendReading();
    } else {
      clearInterval(timer);
    }
  });

  process.once('exit', () => channel.send({ type: 'bye', thread }));
  if (settings?.liveHeap) profilers.start({ liveHeap: settings.liveHeap });
  channel.send({ type: 'hello', thread });
}
