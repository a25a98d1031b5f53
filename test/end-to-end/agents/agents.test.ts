/** Three load agents and a lab, by a Redis of the test's own. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Queue } from 'bullmq';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAN_VERSION } from '../../../src/lab/agents/agent-messages.ts';
import { builtEntry, packageRoot } from '../../../src/package-root.ts';
import { type RedisServer, redisMissing, startRedis, withRedis } from '../../tracker/store/redis-server.ts';
import type { Child } from '../child.ts';
import { cleanSentOf, scratchFolder, sentOf, startAgent, startLab } from './agents-under-test.ts';

const PASSWORD = 'not-for-print';

interface Site {
  readonly redis: RedisServer;
  readonly url: string;
  readonly agents: readonly [Child, Child, Child];
}

/** Each test has its own, so that each can be tried again. */
async function openSite(): Promise<Site> {
  const redis = await startRedis(['--requirepass', PASSWORD]);
  const url = `redis://:${PASSWORD}@127.0.0.1:${redis.port}`;
  const agents = await Promise.all([startAgent('a', url), startAgent('b', url), startAgent('c', url)]);
  servers.push(redis);
  return { redis, url, agents };
}

const servers: RedisServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

describe.skipIf(redisMissing !== null)(withRedis('three load agents'), () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  });

  it('make the load of one generator: the same totals to the request, and percentiles of the same size', async () => {
    const { url } = site;
    const alone = await startLab(['--duration', '2s', '--load-threads', '3'], url).ended();
    const together = await startLab(['--duration', '2s', '--agents', '3'], url).ended();
    for (const { exitCode, run } of [alone, together]) {
      // 11: this machine was too busy to judge.
      expect([0, 11]).toContain(exitCode);
      expect(run.partial).toBeNull();
      expect(run.phases.map(({ phase }) => phase)).toEqual(['warm-up', 'clean']);
      // One grid of 600/s, whoever sends at its points: the length of the phase decides.
      const clean = run.phases[1];
      const due = (600 * ((clean?.endMs ?? 0) - (clean?.startMs ?? 0))) / 1000;
      expect(Math.abs(cleanSentOf(run) + (clean?.notSent ?? 0) - due)).toBeLessThan(30);
    }
    for (const operation of ['announce', 'scrape'] as const) {
      // What the tracker counted beyond the load is the pre-flight.
      const [beyondAlone, beyond] = [alone, together].map(
        ({ run }) => (run.trackerCounters?.[`requests.${operation}`] ?? 0) - sentOf(run, operation),
      );
      expect(beyond).toBe(beyondAlone);
    }
    expect(together.run.scenario).toEqual({
      ...alone.run.scenario,
      loadThreads: 3,
    });
    const [p50Alone = 0, p50 = 0] = [alone, together].map(({ markdown }) =>
      Number(/\| P50 +\| +([\d.,]+) ms/.exec(markdown)?.[1]?.replaceAll(',', '')),
    );
    expect(p50 / p50Alone).toBeGreaterThan(1 / 4);
    expect(p50 / p50Alone).toBeLessThan(4);

    const members = together.run.agents?.members ?? [];
    expect(members.map(({ name, threads, lost }) => ({ name, threads, lost }))).toEqual(
      ['a', 'b', 'c'].map((name) => ({ name, threads: 1, lost: null })),
    );
    expect(members.reduce((sum, { clientShare }) => sum + clientShare, 0)).toBeCloseTo(1, 10);
    expect(members.reduce((sum, { cleanRequests }) => sum + (cleanRequests ?? 0), 0)).toBe(
      cleanSentOf(together.run),
    );
    for (const { startSkewUs, clockUncertaintyUs, clockOffsetUs, cleanCpuShare, onLabMachine } of members) {
      expect(startSkewUs).toBeGreaterThanOrEqual(0);
      expect(startSkewUs).toBeLessThan(1e6);
      expect(clockUncertaintyUs).toBeGreaterThan(0);
      // One machine, one clock; Node's reading of it is some milliseconds off where it is slewed.
      expect(Math.abs(clockOffsetUs ?? Number.NaN)).toBeLessThan((clockUncertaintyUs ?? 0) + 50_000);
      expect(cleanCpuShare).toBeGreaterThan(0);
      expect(onLabMachine).toBe(true);
    }
    expect(alone.run.agents).toBeNull();
    expect(together.markdown).toContain('#### Load Agents');
    expect(together.text).not.toContain(PASSWORD);
  });

  it('refuse a plan of another version, as the lab refuses an agent of another version', async () => {
    const { redis, url, agents } = site;
    const queue = new Queue('agent-a', {
      connection: { host: '127.0.0.1', port: redis.port, password: PASSWORD },
      prefix: 'tracker-lab',
    });
    const job = await queue.add('slice', { planVersion: PLAN_VERSION + 1, runId: 'x', chunks: 1 });
    const line = await agents[0].errorLine((text) => text.startsWith('Slice not done'));
    expect(line).toContain(
      `PLAN_VERSION: expected a plan of version ${PLAN_VERSION}, got one of ${PLAN_VERSION + 1}`,
    );
    await expect.poll(() => job.isFailed()).toBe(true);
    await job.remove();
    await queue.close();

    const other = JSON.stringify({ planVersion: PLAN_VERSION + 1, name: 'old' });
    redis.command('-a', PASSWORD, '--no-auth-warning', 'set', 'tracker-lab-agent:old', other, 'EX', '20');
    redis.command('-a', PASSWORD, '--no-auth-warning', 'sadd', 'tracker-lab-agents', 'old');
    const lab = await execa(
      process.execPath,
      [builtEntry('cli/main.js'), '--agents', '4', '--agents-wait', '300ms', '--out', scratchFolder()],
      { reject: false, env: { LAB_REDIS: url } },
    );
    expect(lab.exitCode).toBe(2);
    expect(lab.stderr).toContain(
      `Agent old is refused: it takes plans of version ${PLAN_VERSION + 1}, this lab makes version ${PLAN_VERSION}`,
    );
    expect(lab.stderr).toMatch(
      /AGENTS_MISSING: expected 4 load agents .* found 3 free \(a, b, c\), old of plan/,
    );
    expect(lab.stderr).toContain(`old of plan version ${PLAN_VERSION + 1} instead of ${PLAN_VERSION}`);
  });
});

describe.skipIf(redisMissing !== null)(withRedis('of three load agents'), () => {
  it('one that dies and one that stands still are seen, told and left out, and the third is counted', async () => {
    const { url, agents } = await openSite();
    const lab = startLab(['--duration', '4s', '--agents', '3'], url);
    await lab.child.errorLine((line) => line === 'Phase: clean');
    const killedMs = performance.now();
    agents[1].process.kill('SIGKILL');
    agents[2].process.kill('SIGSTOP');
    await lab.child.errorLine((line) => line.startsWith('AGENT_LOST: load agent b of 3'));
    await lab.child.errorLine((line) => line.startsWith('AGENT_LOST: load agent c of 3'));
    // Two seconds, and some for the line to get here.
    expect(performance.now() - killedMs).toBeLessThan(2_500);
    agents[2].process.kill('SIGCONT');
    const { exitCode, run, markdown } = await lab.ended();
    expect(exitCode).toBe(11);
    expect(run.partial?.reason).toMatch(
      /^2 of 3 load agents with 60 % of the clients were lost \(agent b: it (?:gave no sign of life for 1\.\d s|did not begin .*); agent c/,
    );
    expect(run.lostClientShare).toBeCloseTo(0.6, 10);
    const [a, b, c] = run.agents?.members ?? [];
    expect(a).toMatchObject({ name: 'a', lost: null });
    for (const gone of [b, c]) {
      expect(gone?.cleanRequests).toBeNull();
      expect(gone?.lost?.reason).toMatch(/no sign of life|did not begin/);
    }
    expect(cleanSentOf(run)).toBe(a?.cleanRequests);
    expect(cleanSentOf(run)).toBeGreaterThan(600);
    expect(markdown.slice(0, 600)).toMatch(/\*\*Partial:\*\* .*2 of 3 load agents/);
    // It goes on, learns that it is out, and waits for work again.
    await agents[2].errorLine((line) => /^Slice (not done|of run \S+ done)/.test(line));
  });

  it('none is left where Redis dies under them: lab and agents end clearly, and nothing stays behind', async () => {
    const { redis, url, agents } = await openSite();
    const lab = startLab(['--duration', '20s', '--agents', '3'], url);
    await lab.child.errorLine((line) => line === 'Phase: clean');
    const diedMs = performance.now();
    await redis.signal('SIGKILL');
    await lab.child.errorLine((line) => /AGENT_LOST: .*did not answer for/.test(line));
    expect(performance.now() - diedMs).toBeLessThan(2_500);
    const { exitCode, run } = await lab.ended();
    // Nothing of Redis is waited for: five seconds, and some for a busy machine.
    expect(performance.now() - diedMs).toBeLessThan(8_000);
    expect(exitCode).toBe(11);
    expect(run.partial?.reason).toMatch(
      /^no load agent is left \(agent a: redis:\/\/127\.0\.0\.1:\d+ did not answer/,
    );
    // What nobody reported is not known.
    expect(run.phases).toEqual([]);
    expect(readdirSync('/proc')).not.toContain(String(run.target.pid));
    await Promise.all(
      agents.map(async (agent) => {
        await agent.errorLine((line) => /Slice not done: .*did not answer/.test(line));
        agent.process.kill('SIGTERM');
        expect(await agent.exitCode).toBe(143);
      }),
    );
  });
});

describe('an agent that cannot begin', () => {
  it('for want of a package says what to install, and where', async () => {
    const hook = path.join(packageRoot, 'test/end-to-end/agents/fixtures/no-bullmq.mjs');
    const ended = await execa(
      process.execPath,
      ['--import', hook, builtEntry('cli/main.js'), 'agent', '--redis', 'redis://127.0.0.1:1'],
      { reject: false },
    );
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(
      /^PACKAGE_MISSING: .*Hint: npm install bullmq ioredis, on the lab and on every agent/,
    );
  });

  it.each([
    [['agent'], /^REDIS_MISSING/],
    [['--agents', '2'], /^REDIS_MISSING: expected --redis URL beside --agents 2/],
    [
      ['agent', '--redis', 'redis://127.0.0.1:1'],
      /^REDIS_UNREACHABLE: redis:\/\/127\.0\.0\.1:1 cannot be reached/,
    ],
    [['agent', '--redis', 'http://u:hush@h'], /^BAD_REDIS_URL: (?!.*hush)/],
    [['agent', '--redis', 'redis://h', '--name', 'a b'], /^BAD_AGENT_NAME/],
  ])('as by %j is told why, with a hint', async (args, wanted) => {
    const ended = await execa(process.execPath, [builtEntry('cli/main.js'), ...args], {
      reject: false,
      extendEnv: false,
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(wanted);
    expect(ended.stderr).toContain('Hint: ');
  });
});
