import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import {
  counterChecks,
  exitCodeOf,
  growthChecks,
  loadByQuarter,
  memoryChecks,
  memoryFigures,
  toldChecks,
} from '../../bench/soak/soak-figures.mjs';
import { packageRoot } from '../../src/package-root.ts';
import type { LoadRow, MachineRow, ProcessRow } from '../../src/run.ts';

const soak = path.join(packageRoot, 'bench/soak.mjs');

it.skipIf(process.platform !== 'linux')('a soak of seconds judges all that one of an hour does', async () => {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [soak, '--minutes', '0.1', '--rate', '300'],
    { reject: false },
  );
  const lines = stdout.split('\n').filter((line) => /^(ok {2}|open|FAIL) /.test(line));
  expect(
    lines.map((line) => line.replace(/^(?:ok {2}|open|FAIL) (.*): [^:]*$/, '$1')),
    stderr,
  ).toEqual([
    'the lab ends with 0, or 11 on a busy machine',
    'the tracker ends with 0',
    'tracker: RSS is flat',
    'tracker: no descriptor is leaked',
    'lab: RSS is flat',
    'lab: no descriptor is leaked',
    'P99 is flat',
    'the cost of a request is flat',
    'the tracker counts each datagram once',
    'the lab and the tracker agree',
    'no request is refused',
    'peers expire',
  ]);
  expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
  // What so short a time cannot tell is no success.
  expect(exitCode).toBe(3);
  expect(stdout).toMatch(
    /^Not judged: tracker: RSS is flat; .*; P99 is flat; the cost of a request is flat/m,
  );
  for (const quarter of [1, 2, 3, 4])
    expect(stdout).toMatch(new RegExp(String.raw`^\| ${quarter} \| \d+ \| `, 'm'));
  expect(stdout).not.toContain('NaN');
});

it.each([['--minutes', 'x'], ['--minutes', '0'], ['--hours', '1'], ['1']])(
  'a soak refuses %j',
  async (...given) => {
    const { exitCode, stderr } = await execa(process.execPath, [soak, ...given], { reject: false });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^usage: /);
  },
);

describe('an hour', () => {
  const failed = (checks: readonly { name: string; holds: boolean }[]): string[] =>
    checks.filter(({ holds }) => !holds).map(({ name }) => name);

  it('ends with 1 where a check fails, with 3 where one was not judged, else with 0; each is told', () => {
    const good = { name: 'a', holds: true, figure: '1' };
    const open = { name: 'b', holds: true, figure: '2', unjudged: 'the machine was not quiet' };
    const bad = { name: 'c', holds: false, figure: '3' };
    expect([exitCodeOf([good]), exitCodeOf([good, open]), exitCodeOf([open, bad])]).toEqual([0, 3, 1]);
    expect(toldChecks([good, open, bad])).toEqual([
      'ok   a: 1',
      'open b: 2 (not judged, the machine was not quiet)',
      'FAIL c: 3',
      'Not judged: b.',
    ]);
    expect(toldChecks([good])).toEqual(['ok   a: 1']);
  });

  /** A sample a second; memory as a function of the minute. */
  const samplesOf = (bytesAt: (minute: number) => number, descriptorsAt = (_minute: number): number => 20) =>
    Array.from({ length: 3600 }, (_, second) => ({
      atMinutes: second / 60,
      rssBytes: bytesAt(second / 60),
      descriptors: descriptorsAt(second / 60),
    }));

  it('in which memory grows by 1 MB a minute after the first quarter fails', () => {
    const judge = (bytesAt: (minute: number) => number) =>
      failed(memoryChecks('lab', memoryFigures(samplesOf(bytesAt)), true));
    expect(judge((minute) => 1e8 + 0.9e6 * minute)).toEqual([]);
    expect(judge((minute) => 1e8 + 1.1e6 * minute)).toEqual(['lab: RSS is flat']);
    expect(judge((minute) => 1e8 + 5e6 * Math.min(minute, 15))).toEqual([]);
  });

  it('in which descriptors grow fails', () => {
    const samples = samplesOf(
      () => 1e8,
      (minute) => 20 + Math.floor(minute / 10),
    );
    expect(failed(memoryChecks('tracker', memoryFigures(samples), true))).toEqual([
      'tracker: no descriptor is leaked',
    ]);
  });

  /** 400 seconds at 100 requests/s on two cores. */
  function timelineOf(
    second: (at: number) => { p99Ms: number; cpuMs: number; othersMs: number },
  ): (LoadRow | MachineRow | ProcessRow)[] {
    const rows: (LoadRow | MachineRow | ProcessRow)[] = [];
    let [cpuUserMs, busyMs, labMs] = [0, 0, 0];
    for (let at = 1; at <= 400; at++) {
      const { p99Ms, cpuMs, othersMs } = second(at);
      cpuUserMs += cpuMs;
      labMs += 50;
      busyMs += cpuMs + 50 + othersMs;
      const atMs = at * 1000;
      rows.push({ kind: 'process', atMs, cpuUserMs, cpuSystemMs: 7 } as ProcessRow);
      rows.push({ kind: 'machine', atMs, busyMs, labMs } as MachineRow);
      rows.push({
        ...({ kind: 'load', phase: 'clean', atMs, spanMs: 1000 } as LoadRow),
        latencyNsP99: p99Ms * 1e6,
        sent: 100,
      });
    }
    return rows;
  }

  it('has its figures by quarters, those of quiet seconds apart', () => {
    const quarters = loadByQuarter(
      timelineOf((at) => ({ p99Ms: at % 2 === 0 ? 40 : 3, cpuMs: 2, othersMs: at % 2 === 0 ? 1500 : 100 })),
      2,
    );
    expect(quarters).toHaveLength(4);
    for (const one of quarters.slice(1)) {
      expect(one.quietSeconds).toBe(50);
      expect(one.quietNsP99).toBe(3e6);
      expect(one.cpuMicrosPerRequest).toBeCloseTo(20, 6);
      expect([one.seconds, one.sent]).toEqual([100, 10_000]);
    }
  });

  it('fails where P99 of quiet seconds or the cost of a request doubles, and not where neighbours come', () => {
    const judge = (second: Parameters<typeof timelineOf>[0]) =>
      failed(growthChecks(loadByQuarter(timelineOf(second), 2), true));
    expect(judge(() => ({ p99Ms: 3, cpuMs: 2, othersMs: 0 }))).toEqual([]);
    expect(judge((at) => ({ p99Ms: at > 300 ? 9 : 3, cpuMs: 2, othersMs: 0 }))).toEqual(['P99 is flat']);
    expect(judge((at) => ({ p99Ms: 3, cpuMs: at > 300 ? 5 : 2, othersMs: 0 }))).toEqual([
      'the cost of a request is flat',
    ]);
    const among = (at: number) => ({ p99Ms: at > 250 ? 50 : 3, cpuMs: 2, othersMs: at > 250 ? 1900 : 0 });
    expect(judge(among)).toEqual([]);
    expect(exitCodeOf(growthChecks(loadByQuarter(timelineOf(among), 2), true))).toBe(3);
  });

  it('fails where a datagram is counted twice, lost on the way, refused, or no peer expires', () => {
    const counters = {
      'requests.announce': 1000,
      'drops.tooShort': 0,
      'socket.received': 1000,
      'socket.receiveDrops': 0,
      'peers.expired': 5,
    };
    const judge = (changed: Record<string, number>, sent = 990) =>
      failed(counterChecks({ ...counters, ...changed }, sent, true));
    expect(judge({})).toEqual([]);
    expect(judge({ 'requests.announce': 1001 })).toEqual(['the tracker counts each datagram once']);
    expect(judge({}, 1001)).toEqual(['the lab and the tracker agree']);
    expect(judge({ 'requests.announce': 999, 'drops.tooShort': 1 })).toEqual(['no request is refused']);
    expect(judge({ 'peers.expired': 0 })).toEqual(['peers expire']);
    expect(exitCodeOf(counterChecks({ ...counters, 'peers.expired': 0 }, 990, false))).toBe(3);
    expect(failed(counterChecks({}, 0, false))).toEqual(['the tracker counts each datagram once']);
  });
});
