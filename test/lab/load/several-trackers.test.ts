import { describe, expect, it } from 'vitest';
import { decodeHistogram } from '../../../src/lab/load/latency-histogram.ts';
import type { LoadResult } from '../../../src/lab/load/load-pool.ts';
import { memberOfSocket } from '../../../src/lab/load/thread-sockets.ts';
import { operations } from '../../../src/run.ts';
import { forkResponder, onlyPhase, run, start, totals } from './load-harness.ts';

function membersOf(result: LoadResult) {
  return (result.members ?? []).map(({ member, operations: counts, histogram }) => {
    const sum = (field: 'sent' | 'succeeded' | 'timedOut' | 'unresolved'): number =>
      operations.reduce((total, kind) => total + counts[kind][field], 0);
    return {
      member,
      sent: sum('sent'),
      succeeded: sum('succeeded'),
      timedOut: sum('timedOut'),
      unresolved: sum('unresolved'),
      recorded: histogram === null ? 0 : decodeHistogram(histogram).totalCount,
    };
  });
}

describe('a load of several trackers', () => {
  it.each([1, 2])(
    'counts each of three apart, and their sum is the whole (%i threads)',
    async (loadThreads) => {
      const [first, ...others] = await Promise.all([forkResponder(), forkResponder(), forkResponder()]);
      const otherTargets = others.map(({ port }) => ({ host: '127.0.0.1', port }));
      const load = await start(
        first?.port ?? 0,
        { ratePerSecond: 3_000, loadThreads, concurrency: 24 },
        { otherTargets },
      );
      const result = await run(load, 500);
      const whole = totals(onlyPhase(result));
      const members = membersOf(result);
      expect(members.map(({ member }) => member)).toEqual([0, 1, 2]);
      for (const field of ['sent', 'succeeded', 'timedOut'] as const) {
        expect(members.reduce((sum, one) => sum + one[field], 0)).toBe(whole[field]);
      }
      for (const { sent, succeeded, timedOut, recorded } of members) {
        // Clients take turns in open loop, so that each tracker gets a third, whatever its speed.
        expect(sent / whole.sent).toBeGreaterThan(0.3);
        expect(sent / whole.sent).toBeLessThan(0.37);
        expect(recorded).toBe(succeeded + timedOut);
      }
    },
  );

  it('blames the one that is silent, and no other', async () => {
    const { port } = await forkResponder();
    const silent = await forkResponder();
    silent.child.kill('SIGSTOP');
    const otherTargets = [{ host: '127.0.0.1', port: silent.port }];
    const changes = { ratePerSecond: 1_000, timeoutMs: 300, concurrency: 20 };
    const result = await run(await start(port, changes, { otherTargets }), 500);
    silent.child.kill('SIGCONT');
    const [alive, dead] = membersOf(result);
    expect(alive?.succeeded).toBe(alive?.sent);
    expect(dead?.sent).toBeGreaterThan(0);
    expect(dead?.timedOut).toBe(dead?.sent);
  });

  it('counts nothing apart where there is one', async () => {
    const { port } = await forkResponder();
    expect(membersOf(await run(await start(port), 100))).toEqual([]);
  });
});

describe('the tracker of a socket', () => {
  it('is taken in turn, from another one on in each thread', () => {
    const of = (thread: number) =>
      [0, 1, 2, 3, 4, 5].map((socket) => memberOfSocket({ socket, thread, members: 3 }));
    expect(of(0)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(of(1)).toEqual([1, 2, 0, 1, 2, 0]);
  });
});
