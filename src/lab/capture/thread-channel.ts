/** What the preload's main thread and worker threads say to each other, over a channel within the process. */
import { BroadcastChannel } from 'node:worker_threads';
import type { ProfileRequest } from './agent-protocol.ts';
import type { MissingProfile, ThreadProfile, ThreadReading } from './capture-types.ts';

export type ToWorkers =
  | { readonly type: 'start'; readonly id: number; readonly request: ProfileRequest }
  | { readonly type: 'stop'; readonly id: number; readonly programRoot: string }
  | { readonly type: 'sample'; readonly intervalMs: number }
  | { readonly type: 'stop-sampling' };

type FromWorker =
  | { readonly type: 'hello'; readonly thread: string }
  | { readonly type: 'bye'; readonly thread: string }
  | { readonly type: 'reading'; readonly thread: string; readonly reading: ThreadReading }
  | {
      readonly type: 'done';
      readonly id: number;
      readonly thread: string;
      readonly profiles: readonly ThreadProfile[];
      readonly missing: readonly MissingProfile[];
    };

export type WorkerAnswer = Extract<FromWorker, { type: 'done' }>;

type Sent<Message> = { readonly from: 'main' | 'worker'; readonly message: Message };

const CHANNEL_NAME = 'tracker-lab-agent';

export interface ThreadChannel<Out> {
  send(message: Out): void;
}

/** Opens the channel as the main thread. It does not keep the process alive. */
export function openMainChannel(onMessage: (message: FromWorker) => void): ThreadChannel<ToWorkers> {
  return open<ToWorkers, FromWorker>('main', onMessage);
}

/** Opens the channel as a worker. It does not keep the thread alive. */
export function openWorkerChannel(onMessage: (message: ToWorkers) => void): ThreadChannel<FromWorker> {
  return open<FromWorker, ToWorkers>('worker', onMessage);
}

function open<Out, In>(from: Sent<Out>['from'], onMessage: (message: In) => void): ThreadChannel<Out> {
  const channel = new BroadcastChannel(CHANNEL_NAME);
  channel.onmessage = function onThreadMessage(event: unknown) {
    const { data } = event as { data: Sent<In> };
    if (data.from !== from) onMessage(data.message);
  };
  channel.unref();
  return { send: (message) => channel.postMessage({ from, message } satisfies Sent<Out>) };
}
