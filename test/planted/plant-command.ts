/** How a planted tracker is started. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import type { Plant } from './plant.ts';

export interface PlantCommand {
  readonly words: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  /** Of its pprof endpoint; null where it has none. */
  readonly pprofPort: number | null;
}

interface CommandOptions {
  /** The project's root folder. */
  readonly root: string;
  /** Of the compiled plants. */
  readonly binaries: string;
  /** How many times as costly as written the mistake is. */
  readonly scale: number;
}

/** With ports that were free a moment ago. */
export async function plantCommand(
  { id, runtime, program = id }: Plant,
  { root, binaries, scale }: CommandOptions,
): Promise<PlantCommand> {
  const port = await freeUdpPort();
  const pprofPort = runtime === 'go' ? await freeTcpPort() : null;
  const environment = {
    PORT: String(port),
    PLANT_SCALE: String(scale),
    ...(pprofPort === null ? {} : { PPROF_PORT: String(pprofPort) }),
  };
  return { words: wordsOf(), environment, port, pprofPort };

  function wordsOf(): [string, ...string[]] {
    if (runtime === 'node') return ['node', path.join(root, 'test/planted/node', `${program}.mjs`)];
    if (runtime !== 'own') return [path.join(binaries, program)];
    const flags = ['--host', '127.0.0.1', '--port', String(port)];
    return ['node', path.join(root, 'dist/tracker/main.js'), ...flags];
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

async function freeTcpPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
