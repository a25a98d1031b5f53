/** Trackers whose program the operator gives: each is configured for one port on loopback and 50 peers in a reply. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchContext } from '../context.ts';
import { endChild, startChild } from './child.ts';
import { freePort, untilServing } from './probe.ts';
import type { Candidate } from './server.ts';

/** Arguments for a port; a configuration file is written first where one is needed. */
type Arguments = (port: number, folder: string) => string[];

const programs: Readonly<Record<string, { readonly name: string; readonly args: Arguments }>> = {
  pico: { name: 'pico-tracker', args: (port) => ['-port', `${port}`] },
  chihaya: {
    name: 'chihaya',
    args: (port, folder) => ['--config', written(folder, 'chihaya.yaml', chihayaConfig(port))],
  },
  aquatic: {
    name: 'aquatic_udp',
    args: (port, folder) => ['-c', written(folder, 'aquatic.toml', aquaticConfig(port))],
  },
};

/** Names of the flags that give a program. */
export const givenProgramFlags: readonly string[] = Object.keys(programs);

/** One candidate for each flag, given or not. */
export function givenPrograms({ programs: given, scratch, pinning }: BenchContext): Candidate[] {
  return Object.entries(programs).map(([flag, { name, args }]): Candidate => {
    const file = given[flag];
    if (file === undefined) return { subject: name, reason: `no program was given (--${flag} PATH)` };
    if (!existsSync(file)) return { subject: name, reason: `${file} does not exist` };
    return {
      name,
      version: null,
      async start() {
        const port = await freePort();
        const folder = mkdtempSync(path.join(scratch, `${flag}-`));
        const child = startChild({
          file,
          args: args(port, folder),
          cpus: pinning?.server ?? null,
          cwd: folder,
        });
        await untilServing(child, port);
        return { port, pid: child.pid as number, stop: () => endChild(child) };
      },
    };
  });
}

function written(folder: string, name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function chihayaConfig(port: number): string {
  return `chihaya:
  announce_interval: 30m
  min_announce_interval: 15m
  metrics_addr: ""
  udp:
    addr: "127.0.0.1:${port}"
    max_clock_skew: 10s
    private_key: "a key of the benchmark, long enough for it"
    max_numwant: 100
    default_numwant: 50
    max_scrape_infohashes: 50
  storage:
    name: memory
    config:
      gc_interval: 3m
      peer_lifetime: 31m
      shard_count: 1024
      prometheus_reporting_interval: 1m
`;
}

function aquaticConfig(port: number): string {
  return `socket_workers = 1

[network]
use_ipv6 = false
address_ipv4 = "127.0.0.1:${port}"

[protocol]
max_response_peers = 50
`;
}
