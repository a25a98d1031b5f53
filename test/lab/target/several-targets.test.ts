import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startMemberSampler } from '../../../src/lab/target/member-sampler.ts';
import { openTarget, type TargetSpec } from '../../../src/lab/target/open-target.ts';
import type { ProcessReading } from '../../../src/lab/target/process-sampler.ts';
import type { MemberRow } from '../../../src/run.ts';

const options = { cpus: null, liveHeap: false, abort: new AbortController().signal };

function several(...members: readonly (readonly [url: string, pid: number | null])[]): TargetSpec {
  return {
    kind: 'several',
    members: members.map(([url, pid]) => ({ kind: 'address', url, allowRemote: false, pid })),
  };
}

describe('several trackers as one target', () => {
  it('are named, and each is one of its members', async () => {
    const target = await openTarget(
      several(['udp://127.0.0.1:7001', null], ['udp://127.0.0.2:7002', null]),
      options,
    );
    expect(target.record.name).toBe('2 trackers: tracker at 127.0.0.1:7001, tracker at 127.0.0.2:7002');
    expect(target.record.network).toBe('local');
    expect(target.members?.map(({ address, port }) => [address, port])).toEqual([
      ['127.0.0.1', 7001],
      ['127.0.0.2', 7002],
    ]);
    expect([target.pid, target.pids()]).toEqual([null, []]);
  });

  it('have a process where each has one', async () => {
    const all = several(['udp://127.0.0.1:7001', process.pid], ['udp://127.0.0.1:7002', process.ppid]);
    const target = await openTarget(all, options);
    expect(target.pid).toBe(process.pid);
    expect(target.pids()).toEqual(expect.arrayContaining([process.pid, process.ppid]));
    // That this process serves neither port is told with the tracker that it is about.
    expect(target.notes[0]).toMatch(/^udp:\/\/127\.0\.0\.1:7001: Process/);
    const some = several(['udp://127.0.0.1:7001', process.pid], ['udp://127.0.0.1:7002', null]);
    expect((await openTarget(some, options)).pid).toBeNull();
  });

  it('are of one address family, and none is remote unless allowed', async () => {
    const mixed = several(['udp://127.0.0.1:7001', null], ['udp://[::1]:7002', null]);
    await expect(openTarget(mixed, options)).rejects.toMatchObject({ code: 'MIXED_TARGETS' });
    const remote = several(['udp://127.0.0.1:7001', null], ['udp://192.0.2.1:7002', null]);
    await expect(openTarget(remote, options)).rejects.toMatchObject({ code: 'REMOTE_TARGET' });
  });
});

describe.skipIf(process.platform !== 'linux')('the sampler of several trackers', () => {
  it('reads each, with the sockets of its own port, and adds them up', async () => {
    const sockets = [createSocket('udp4'), createSocket('udp4')];
    try {
      for (const socket of sockets) {
        socket.bind(0, '127.0.0.1');
        await once(socket, 'listening');
      }
      const pids = [process.pid, process.ppid];
      const [first, second] = sockets.map((socket) => (socket.address() as AddressInfo).port) as [
        number,
        number,
      ];
      const spec = several(
        [`udp://127.0.0.1:${first}`, pids[0] as number],
        [`udp://127.0.0.1:${second}`, pids[1] as number],
      );
      const { members = [] } = await openTarget(spec, options);
      const rows: ProcessReading[] = [];
      const apart: Omit<MemberRow, 'atMs'>[] = [];
      const sampler = startMemberSampler({
        members,
        intervalMs: 60_000,
        onRow: (row) => rows.push(row),
        onMember: (row) => apart.push(row),
      });
      sampler.stop();
      expect(sampler.unavailable).toBeNull();
      expect(apart.map(({ member }) => member)).toEqual([0, 1]);
      expect(rows.length).toBe(1);
      expect(rows[0]?.rssBytes).toBe(apart.reduce((sum, { rssBytes }) => sum + rssBytes, 0));
      expect(rows[0]?.socketDrops).toBe(0);
    } finally {
      for (const socket of sockets) socket.close();
    }
  });

  it('has no sum where the process of one is not known, and says of which', async () => {
    const spec = several(['udp://127.0.0.1:7001', process.pid], ['udp://127.0.0.1:7002', null]);
    const { members = [] } = await openTarget(spec, options);
    const rows: ProcessReading[] = [];
    const apart: number[] = [];
    const sampler = startMemberSampler({
      members,
      intervalMs: 60_000,
      onRow: (row) => rows.push(row),
      onMember: ({ member }) => apart.push(member),
    });
    sampler.stop();
    expect(sampler.unavailable).toMatch(/the process of udp:\/\/127\.0\.0\.1:7002 is not known/);
    expect([rows.length, apart]).toEqual([0, [0]]);
  });
});
