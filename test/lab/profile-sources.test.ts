import net, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { NodeAgent } from '../../src/lab/capture/node-agent-client.ts';
import { planProfileSources } from '../../src/lab/profile-sources.ts';
import type { Target } from '../../src/lab/target/open-target.ts';
import type { Scenario } from '../../src/run.ts';

const scenario = { profileDurationMs: 1000 } as Scenario;
const agent = {} as NodeAgent;

function targetWith(one: Partial<Target>): Target {
  return { agent: null, pids: () => [], ...one } as Target;
}

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the ways to profile a target', () => {
  const wish = { pprof: null, perf: false, allowRemote: false };

  it('are perf alone where no other profiler is in it', () => {
    const { sources, warmupSource } = planProfileSources(targetWith({ pids: () => [1] }), scenario, wish);
    expect(sources.map(({ name }) => name)).toEqual(['perf']);
    expect(warmupSource).toBeNull();
  });

  it('leave the kinds of a Node program to its preload where a pprof URL is named too and nothing listens there', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/debug/pprof`;
    const { sources } = planProfileSources(targetWith({ agent }), scenario, { ...wish, pprof: url });
    const endpoint = sources[1];
    const missing = await endpoint?.probe?.();
    expect(endpoint?.kinds).toEqual(['mutex', 'block', 'goroutine']);
    expect(missing?.map(({ kind }) => kind)).toEqual(endpoint?.kinds);
    expect(missing?.[0]?.reason).toContain('nothing listens at 127.0.0.1:');
  });

  it('say of a port that no HTTP client opens what is wrong with it', async () => {
    const url = 'http://127.0.0.1:9/debug/pprof';
    const { sources } = planProfileSources(targetWith({}), scenario, { ...wish, pprof: url });
    const [first] = (await sources[0]?.probe?.()) ?? [];
    expect(first?.reason).toBe(
      'HTTP clients refuse port 9, which belongs to another protocol; serve pprof on another one',
    );
  });

  it('are of each of several trackers: its own endpoint, and perf where there is none or it is asked for', () => {
    const member = (port: number) =>
      targetWith({ pids: () => [port], record: { address: `udp://127.0.0.1:${port}` } as Target['record'] });
    const target = targetWith({ members: [member(1), member(2)], pids: () => [1, 2] });
    const names = (changes: { readonly pprof?: string; readonly perf?: boolean }) =>
      planProfileSources(target, scenario, { ...wish, ...changes }).sources.map(({ name }) => name);
    expect(names({})).toEqual(['perf and 1 more']);
    const pprof = 'http://127.0.0.1:6060/debug/pprof,http://127.0.0.1:6061/debug/pprof';
    expect(names({ pprof })).toEqual(["Go's pprof endpoint http://127.0.0.1:6060/debug/pprof and 1 more"]);
    expect(names({ pprof, perf: true })).toHaveLength(2);
  });
});
