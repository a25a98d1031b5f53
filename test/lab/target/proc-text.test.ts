import { describe, expect, it } from 'vitest';
import {
  parseResidentBytes,
  parseStat,
  parseTask,
  sumUdpSockets,
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

  it.each(['', '1 (x) S', 'nonsense'])('answers null for "%s"', (text) => {
    expect(parseStat(text)).toBeNull();
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
      runQueueDelayMs: 2.5,
    });
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
  it('adds up the sockets with the local port, not those that talk to it', () => {
    expect(sumUdpSockets(udp, 0x1b39)).toEqual({ sockets: 2, drops: 43, queueBytes: 0x1500 + 0x100 });
  });

  it('has none for another port, or in an empty table', () => {
    expect(sumUdpSockets(udp, 80)).toEqual({ sockets: 0, drops: 0, queueBytes: 0 });
    expect(sumUdpSockets('', 0x1b39).sockets).toBe(0);
  });
});
