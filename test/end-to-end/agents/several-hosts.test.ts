/** Lab, Redis, agents and trackers on hosts of their own: network namespaces on one bridge. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OperationCounts, operations, type Run } from '../../../src/run.ts';
import { makeCertificates, opensslMissing } from '../../lab/agents/certificates.ts';
import { documentedNginx, documentedRoutes, nginxMissing } from '../../tracker/store/documented-nginx.ts';
import { redisMissing } from '../../tracker/store/redis-server.ts';
import type { Child } from '../child.ts';
import { scratchFolder, startAgent, startLab, startProgram } from './agents-under-test.ts';
import { type Host, type Hosts, hostsMissing, openHosts } from './hosts.ts';
import { type Received, startTrackerOn } from './tracker-on-host.ts';

const PASSWORD = 'not-for-print';
const REDIS_PORT = 6379;
const missing = redisMissing ?? opensslMissing ?? hostsMissing;
const named = (name: string) => (missing === null ? name : `${name} (${missing})`);

interface Site {
  readonly hosts: Hosts;
  readonly agents: readonly Child[];
  /** Free hosts. */
  readonly others: readonly Host[];
  /** Address of Redis, with its password. */
  readonly url: string;
  /** The authority of its certificate. */
  readonly ca: string;
}

const sites: Hosts[] = [];
afterAll(async () => {
  for (const hosts of sites) await hosts.close();
});

/** Redis by TLS on the hub, an agent on each of the first three hosts, and some more hosts. */
async function openSite(more: number): Promise<Site> {
  const hosts = await openHosts(3 + more);
  sites.push(hosts);
  const { hub, others } = hosts;
  const folder = scratchFolder();
  const { ca, key, certificate } = makeCertificates(folder, hub.address);
  const redis = startProgram([
    ...[
      ...hub.before,
      'redis-server',
      '--bind',
      hub.address,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ],
    ...[
      '--port',
      '0',
      '--tls-port',
      String(REDIS_PORT),
      '--requirepass',
      PASSWORD,
      '--tls-auth-clients',
      'no',
    ],
    ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca],
  ]);
  await redis.line((line) => line.includes('Ready to accept connections'));
  const url = `rediss://:${PASSWORD}@${hub.address}:${REDIS_PORT}`;
  const agents = await Promise.all(
    ['a', 'b', 'c'].map((name, index) =>
      startAgent(name, url, { before: others[index]?.before ?? [], more: ['--redis-ca', ca] }),
    ),
  );
  return { hosts, agents, others: others.slice(3), url, ca };
}

/** A lab on the hub, loading what is on other hosts, with all requests in the clean phase. */
function startSiteLab({ hosts, url, ca }: Site, targets: readonly string[], args: readonly string[]) {
  return startLab(
    [
      ...['--agents', '3', '--redis-ca', ca, '--allow-remote', '--warmup', '0s', ...args],
      ...targets.flatMap((target) => ['--target', target]),
    ],
    url,
    hosts.hub.before,
  );
}

/** Requests of all kinds. */
function sum(counts: Run['phases'][number]['operations'], field: keyof OperationCounts): number {
  return operations.reduce((total, kind) => total + counts[kind][field], 0);
}

function sentIn(phases: readonly Pick<Run['phases'][number], 'operations'>[]): number {
  return phases.reduce((total, { operations: counts }) => total + sum(counts, 'sent'), 0);
}

/** Datagrams that a tracker had from the agents. */
function fromAgents({ hosts }: Site, { bySender }: Received): number {
  const senders = hosts.others.slice(0, 3).map(({ address }) => bySender.get(address) ?? 0);
  return senders.reduce((total, count) => total + count, 0);
}

function runIn({ before }: Host, words: readonly string[]): void {
  const [file = '', ...rest] = [...before, ...words];
  execFileSync(file, rest, { stdio: 'pipe' });
}

/** Each agent asks each target once whether it can be reached, before the load. */
const ASKED = 1;

describe.skipIf(missing !== null)(named('three agents on three hosts'), () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(3);
  });

  it('load one tracker on a fourth: it has from each address what that agent says, to the request', async () => {
    const tracker = await startTrackerOn(site.others[0] as Host);
    const lab = startSiteLab(site, [tracker.url], ['--duration', '1500ms']);
    const { exitCode, run, markdown, text } = await lab.ended();
    const received = await tracker.received();
    // 11: this machine was too busy to judge.
    expect([0, 11]).toContain(exitCode);
    expect(run.partial).toBeNull();
    const members = run.agents?.members ?? [];
    expect(members.map(({ name, lost }) => [name, lost])).toEqual(
      ['a', 'b', 'c'].map((name) => [name, null]),
    );
    const { hub, others } = site.hosts;
    expect([...received.bySender.keys()].sort()).toEqual(
      [hub, ...others.slice(0, 3)].map(({ address }) => address),
    );
    for (const [index, { cleanRequests }] of members.entries()) {
      expect(cleanRequests).toBeGreaterThan(100);
      expect(received.bySender.get(others[index]?.address ?? '')).toBeGreaterThanOrEqual(
        (cleanRequests ?? 0) + ASKED,
      );
    }
    const clean = run.phases.find(({ phase }) => phase === 'clean') as Run['phases'][number];
    expect(members.reduce((total, { cleanRequests }) => total + (cleanRequests ?? 0), 0)).toBe(
      sum(clean.operations, 'sent'),
    );
    expect(fromAgents(site, received) - 3 * ASKED).toBe(sentIn(run.phases));
    for (const told of [text, markdown]) expect(told).not.toContain(PASSWORD);
  });

  it('load three trackers on three more: each has received what the run says of it, to the request', async () => {
    const trackers = await Promise.all(site.others.map((host) => startTrackerOn(host)));
    const lab = startSiteLab(
      site,
      trackers.map(({ url }) => url),
      ['--duration', '1500ms'],
    );
    const { exitCode, run, markdown } = await lab.ended();
    const received = await Promise.all(trackers.map((tracker) => tracker.received()));
    expect([0, 11]).toContain(exitCode);
    expect(run.partial).toBeNull();
    expect(run.members.map(({ record }) => record.address)).toEqual(trackers.map(({ url }) => url));
    const sent = run.members.map(({ phases }) => sentIn(phases));
    expect(received.map((one) => fromAgents(site, one) - 3 * ASKED)).toEqual(sent);
    expect(Math.min(...sent)).toBeGreaterThan(100);
    expect(sent.reduce((total, count) => total + count, 0)).toBe(sentIn(run.phases));
    expect(markdown).toContain('### Trackers');
  });

  it.skipIf(nginxMissing !== null)(
    `load two trackers behind nginx, which see the agents' own addresses${nginxMissing === null ? '' : ` (${nginxMissing})`}`,
    async () => {
      const host = site.others[0] as Host;
      const inside = { before: host.before, address: '127.0.0.1' };
      const trackers = await Promise.all([startTrackerOn(inside, 6971), startTrackerOn(inside, 6972)]);
      const folder = scratchFolder();
      writeFileSync(path.join(folder, 'nginx.conf'), documentedNginx());
      for (const words of documentedRoutes()) runIn(host, words);
      startProgram([...host.before, 'nginx', '-p', folder, '-c', 'nginx.conf', '-g', 'daemon off;']);
      // Written once its sockets are bound.
      await expect.poll(() => existsSync(path.join(folder, 'nginx.pid')), { timeout: 5_000 }).toBe(true);
      const lab = startSiteLab(site, [`udp://${host.address}:6969`], ['--duration', '1500ms']);
      const { exitCode, run } = await lab.ended();
      const received = await Promise.all(trackers.map((tracker) => tracker.received()));
      expect([0, 11]).toContain(exitCode);
      expect(run.partial).toBeNull();
      const succeeded = run.phases.reduce((total, phase) => total + sum(phase.operations, 'succeeded'), 0);
      expect(succeeded).toBe(sentIn(run.phases));
      expect(received.reduce((total, one) => total + fromAgents(site, one), 0) - 3 * ASKED).toBe(succeeded);
      for (const { address } of site.hosts.others.slice(0, 3)) {
        // All of it at one of the two.
        expect(received.filter(({ bySender }) => bySender.has(address)).length, address).toBe(1);
      }
    },
  );
});

describe.skipIf(missing !== null)(named('of three agents and three trackers on hosts of their own'), () => {
  it('an agent that dies, one whose cable is pulled and a tracker that dies are told apart, and the rest is counted', async () => {
    const site = await openSite(3);
    const trackers = await Promise.all(site.others.map((host) => startTrackerOn(host)));
    const lab = startSiteLab(
      site,
      trackers.map(({ url }) => url),
      ['--duration', '4s', '--timeout', '500ms'],
    );
    await lab.child.errorLine((line) => line === 'Phase: clean');
    const atMs = performance.now();
    site.agents[1]?.process.kill('SIGKILL');
    site.hosts.others[2]?.cut();
    trackers[1]?.child.process.kill('SIGKILL');
    await lab.child.errorLine((line) => line.startsWith('AGENT_LOST: load agent b of 3'));
    await lab.child.errorLine((line) => line.startsWith('AGENT_LOST: load agent c of 3'));
    // Two seconds, and some for the line to get here.
    expect(performance.now() - atMs).toBeLessThan(2_500);
    const { exitCode, run, markdown } = await lab.ended();
    expect(exitCode).toBe(11);
    expect(run.partial?.reason).toMatch(/^2 of 3 load agents with \d+ % of the clients were lost/);
    const [a] = run.agents?.members ?? [];
    expect(a?.lost).toBeNull();
    const clean = run.phases.find(({ phase }) => phase === 'clean') as Run['phases'][number];
    expect(sum(clean.operations, 'sent')).toBe(a?.cleanRequests);
    const unanswered = run.members.map(({ phases }) => {
      const counts = phases.find(({ phase }) => phase === 'clean')?.operations as typeof clean.operations;
      return sum(counts, 'sent') - sum(counts, 'succeeded');
    });
    expect(unanswered[0]).toBe(0);
    expect(unanswered[1]).toBeGreaterThan(20);
    expect(unanswered[2]).toBe(0);
    expect(markdown).toMatch(/\*\*Partial:\*\* .*2 of 3 load agents/);
    const left = await Promise.all([trackers[0], trackers[2]].map((tracker) => tracker?.received()));
    for (const received of left)
      expect(received?.bySender.get(site.hosts.others[0]?.address ?? '')).toBeGreaterThan(100);
  });
});
