import { once } from 'node:events';
import { builtEntry, packageVersion } from '../../src/package-root.ts';
import type { TrackerMessage } from '../../src/wire/tracker-message.ts';
import { endChild, startChild } from './child.ts';
import type { Server } from './server.ts';

export interface OwnTrackerOptions {
  /** Flags of the tracker, for example `['--socket', 'dgram']`. */
  readonly flags: readonly string[];
  readonly cpus: string | null;
}

export interface OwnServer extends Server {
  /** SO_RCVBUF as the kernel gave it. */
  readonly receiveBufferBytes: number;
}

export const ownVersion = `${packageVersion}, Node.js ${process.version}`;

/**
 * This package's tracker, as a person starts it.
 *
 * @throws Error where it ends before it serves
 */
export async function startOwnServer({ flags, cpus }: OwnTrackerOptions): Promise<OwnServer> {
  const child = startChild({
    file: process.execPath,
    args: [
      builtEntry('tracker/main.js'),
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--log-level',
      'error',
      ...flags,
    ],
    cpus,
    ipc: true,
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`our tracker ended before it served (flags: ${flags.join(' ')})`);
  });
  const ready = new Promise<Pick<OwnServer, 'port' | 'receiveBufferBytes'>>((resolve) => {
    child.on('message', (message: TrackerMessage) => {
      if (message.type !== 'tracker-ready') return;
      resolve({ port: message.port, receiveBufferBytes: message.receiveBuffer.givenBytes });
    });
  });
  const told = await Promise.race([ready, ended]);
  // From here on its end is nobody's failure.
  ended.catch(() => {});
  return { ...told, pid: child.pid as number, stop: () => endChild(child) };
}
