/** Our tracker as a process on some host, which tells at its end what it received, and from whom. */
import { builtEntry } from '../../../src/package-root.ts';
import type { Child } from '../child.ts';
import { startProgram } from './agents-under-test.ts';
import type { Host } from './hosts.ts';

/** What a tracker had received when it was stopped. */
export interface Received {
  readonly connect: number;
  readonly announce: number;
  readonly scrape: number;
  /** Datagrams by the sender's address. */
  readonly bySender: ReadonlyMap<string, number>;
}

interface TrackerOnHost {
  readonly url: string;
  readonly child: Child;
  /** Stops it. */
  received(): Promise<Received>;
}

/** Starts a tracker and waits until it serves. */
export async function startTrackerOn(
  host: Pick<Host, 'address' | 'before'>,
  port = 6969,
): Promise<TrackerOnHost> {
  const child = startProgram([
    ...[...host.before, process.execPath, builtEntry('tracker/main.js')],
    ...['--host', host.address, '--port', String(port), '--log-level', 'debug'],
  ]);
  let log = '';
  child.process.stderr?.on('data', (text) => {
    log += text;
  });
  await child.line((line) => line.startsWith('listening on'));
  return {
    url: `udp://${host.address}:${port}`,
    child,
    async received() {
      child.process.kill('SIGTERM');
      const told = await child.errorLine((line) => line.includes('stopped; '));
      await child.exitCode;
      const count = (kind: string) => Number(new RegExp(`requests\\.${kind} (\\d+)`).exec(told)?.[1] ?? 0);
      const bySender = new Map<string, number>();
      for (const [, sender = ''] of log.matchAll(/ from ([\d.]+):\d+: /g)) {
        bySender.set(sender, (bySender.get(sender) ?? 0) + 1);
      }
      return { connect: count('connect'), announce: count('announce'), scrape: count('scrape'), bySender };
    },
  };
}
