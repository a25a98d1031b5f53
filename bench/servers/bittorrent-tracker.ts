import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchContext } from '../context.ts';
import { endChild, startChild } from './child.ts';
import { freePort, untilServing } from './probe.ts';
import type { Candidate } from './server.ts';

export const BITTORRENT_TRACKER = 'bittorrent-tracker';
const VERSION = '11.2.3';
const INSTALL_TIMEOUT_MS = 120_000;

/** The tracker of npm, installed into the benchmark's cache the first time. */
export function bittorrentTracker({ cache, pinning, smoke }: BenchContext): Candidate {
  const folder = path.join(cache, BITTORRENT_TRACKER);
  const program = path.join(folder, 'node_modules/bittorrent-tracker/bin/cmd.js');
  if (!existsSync(program)) {
    if (smoke)
      return { subject: BITTORRENT_TRACKER, reason: 'not installed, and a smoke run installs nothing' };
    const failure = install(folder);
    if (failure !== null) return { subject: BITTORRENT_TRACKER, reason: failure };
  }
  const manifest = path.join(folder, 'node_modules/bittorrent-tracker/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return {
    name: BITTORRENT_TRACKER,
    version: `${version}, Node.js ${process.version}`,
    async start() {
      const port = await freePort();
      const child = startChild({
        file: process.execPath,
        args: [
          program,
          '--udp',
          '--no-stats',
          '--silent',
          '--udp-hostname',
          '127.0.0.1',
          '--port',
          `${port}`,
        ],
        cpus: pinning?.server ?? null,
      });
      await untilServing(child, port);
      return { port, pid: child.pid as number, stop: () => endChild(child) };
    },
  };
}

/** Its WebRTC dependency wants a native build, which a UDP tracker does not need: an empty module stands for it. */
function install(folder: string): string | null {
  const stub = path.join(folder, 'no-webrtc');
  mkdirSync(stub, { recursive: true });
  const write = (file: string, value: object): void => writeFileSync(file, JSON.stringify(value));
  write(path.join(folder, 'package.json'), {
    private: true,
    dependencies: { 'bittorrent-tracker': VERSION },
    overrides: { 'webrtc-polyfill': 'file:./no-webrtc' },
  });
  write(path.join(stub, 'package.json'), {
    name: 'webrtc-polyfill',
    version: '1.1.10',
    type: 'module',
    exports: './index.js',
  });
  const names = ['RTCPeerConnection', 'RTCSessionDescription', 'RTCIceCandidate'];
  const exported = names.map((name) => `export const ${name} = undefined;\n`).join('');
  writeFileSync(path.join(stub, 'index.js'), `export default {};\n${exported}`);
  try {
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: 'pipe',
      timeout: INSTALL_TIMEOUT_MS,
    });
    return null;
  } catch (error) {
    return `npm could not install it: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`;
  }
}
