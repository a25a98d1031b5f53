import { describe, expect, it } from 'vitest';
import {
  parseLineage,
  parseMachineCpu,
  parseResidentBytes,
  parseStat,
  parseTask,
  parseUdpSockets,
} from '../../../src/lab/target/proc-text.ts';

const stat =
  '4242 (node (main) x) S 1 4242 4242 0 -1 4194304 9000 0 12 0 345 67 0 0 20 0 11 0 123456 1104000000 12000 18446744073709551615 1 1 0 0 0 0 0 4096 81922 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n';

const status = `Name:\tnode
State:\tS (sleeping)
VmHWM:\t   60000 kB
VmRSS:\t   51234 kB
Threads:\t11
Cpus_allowed_list:\t0-1
voluntary_ctxt_switches:\t150
nonvoluntary_ctxt_switches:\t23
`;

const udp = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 0100007F:1B39 00000000:0000 07 00000000:00001500 00:00000000 00000000     0        0 5001 2 0000000000000000 42
  102: 0200007F:1B39 00000000:0000 07 00000000:00000100 00:00000000 00000000     0        0 5002 2 0000000000000000 1
  103: 0100007F:C001 0100007F:1B39 01 00000000:00000900 00:00000000 00000000     0        0 5003 2 0000000000000000 7
`;

describe('/proc/PID/stat', () => {
  it('is read past a name with blanks and brackets', () => {
    expect(parseStat(stat)).toEqual({ cpuUserMs: 3450, cpuSystemMs: 670, threads: 11 });
  });

  it('tells parent, group, session and start', () => {
    const lineage = { parentPid: 1, group: 4242, session: 4242, startTicks: 123_456 };
    expect(parseLineage(stat)).toEqual({ ...lineage, ended: false });
    expect(parseLineage(stat.replace(') S ', ') Z '))).toEqual({ ...lineage, ended: true });
    expect(parseLineage(stat.replace(') S ', ') X '))?.ended).toBe(true);
  });

  it.each(['', '1 (x) S', 'nonsense'])('answers null for "%s"', (text) => {
    expect(parseStat(text)).toBeNull();
    expect(parseLineage(text)).toBeNull();
  });
});

describe('/proc/PID/status', () => {
  it('tells resident bytes', () => {
    expect(parseResidentBytes(status)).toBe(51_234 * 1024);
  });

  it('tells none of a zombie', () => {
    expect(parseResidentBytes('Name:\tnode\nState:\tZ (zombie)\n')).toBeNull();
  });
});

describe('a thread', () => {
  it('has its switches and its wait for a core', () => {
    expect(parseTask(status, '9000000 2500000 173\n')).toEqual({
      voluntaryContextSwitches: 150,
      involuntaryContextSwitches: 23,
      cpuMs: 9,
      runQueueDelayMs: 2.5,
      state: 'asleep',
    });
  });

  it.each([
    ['R (running)', 'running'],
    ['S (sleeping)', 'asleep'],
    ['I (idle)', 'asleep'],
    ['D (disk sleep)', 'uninterruptible'],
    ['T (stopped)', 'other'],
    ['t (tracing stop)', 'other'],
    ['Z (zombie)', 'other'],
  ])('in the state %s is %s', (letter, state) => {
    expect(parseTask(status.replace('S (sleeping)', letter), null)?.state).toBe(state);
  });

  it('waited 0 where the kernel keeps no schedstat', () => {
    expect(parseTask(status, null)?.runQueueDelayMs).toBe(0);
    expect(parseTask(status, '')?.runQueueDelayMs).toBe(0);
  });

  it('is null where it is gone', () => {
    expect(parseTask('', '')).toBeNull();
  });
});

describe('/proc/net/udp', () => {
  it('has a row for each socket, with its local port and not the one that it talks to', () => {
    expect(parseUdpSockets(udp)).toEqual([
      { address: '0100007F', port: 0x1b39, inode: '5001', drops: 42, queueBytes: 0x1500 },
      { address: '0200007F', port: 0x1b39, inode: '5002', drops: 1, queueBytes: 0x100 },
      { address: '0100007F', port: 0xc001, inode: '5003', drops: 7, queueBytes: 0x900 },
    ]);
  });

  it.each(['', 'nonsense', 'header\n  101: 0100007F:1B39 00000000:0000\n'])('has none in %j', (table) => {
    expect(parseUdpSockets(table)).toEqual([]);
  });
});

describe('/proc/stat', () => {
  const machine = `cpu  1000 20 300 50000 400 5 60 70 800 0
cpu0 500 10 150 25000 200 2 30 35 400 0
cpu1 500 10 150 25000 200 3 30 35 400 0
intr 1 2 3
`;

  it('tells by what was not idle how long the cores were busy, interrupts and stolen time apart', () => {
    expect(parseMachineCpu(machine, 300_000)).toEqual({
      busyMs: 2 * 300_000 - (50_000 + 400) * 10 - (5 + 60) * 10 - 700,
      interruptMs: (5 + 60) * 10,
      stolenMs: 700,
    });
  });

  it('has no stolen time on kernels that do not know it', () => {
    expect(parseMachineCpu('cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n', 1000)).toEqual({
      busyMs: 1000 - 90 - 130,
      interruptMs: 130,
      stolenMs: 0,
    });
  });

  it.each([
    '',
    'cpu0 1 2 3 4 5 6 7 8',
    'cpu  1 2\ncpu0 1 2\n',
    'cpu  a b c d\ncpu0 a b c d\n',
    'cpu  1 2 3 4 5 6 7\n',
  ])('is null for %j', (text) => {
    expect(parseMachineCpu(text, 1000)).toBeNull();
  });
});
