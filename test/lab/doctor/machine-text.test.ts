import { describe, expect, it } from 'vitest';
import {
  parseCapabilities,
  parseDistributions,
  parseMachineTicks,
  parseOpenFiles,
} from '../../../src/lab/doctor/machine-text.ts';

describe('the texts of the system', () => {
  it('/proc/stat gives ticks; guests stand in user time, stolen time is busy', () => {
    const stat = 'cpu  100 10 50 800 30 5 5 20 60 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
    expect(parseMachineTicks(stat)).toEqual({ busy: 190, total: 1020 });
    expect(parseMachineTicks('')).toBeNull();
    expect(parseMachineTicks('cpu  1 2 3\n')).toBeNull();
  });

  it.each([
    ['Max open files            20000                524288               files     ', 20_000, 524_288],
    ['Max open files            1024                 unlimited            files     ', 1_024, Infinity],
  ])('limits give the open files: %s', (line, soft, hard) => {
    expect(parseOpenFiles(`Limit  Soft Limit  Hard Limit  Units\n${line}\n`)).toEqual({ soft, hard });
  });

  it('limits without open files give null', () => {
    expect(parseOpenFiles('Max cpu time unlimited unlimited seconds')).toBeNull();
  });

  it('a status gives the effective capabilities', () => {
    expect([...parseCapabilities('CapPrm:\tffff\nCapEff:\t0000004000201000\n')]).toEqual([12, 21, 38]);
    expect(parseCapabilities('').size).toBe(0);
  });

  it('os-release gives the distribution and what it is like', () => {
    expect(parseDistributions('NAME="Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n')).toEqual([
      'linuxmint',
      'ubuntu',
      'debian',
    ]);
    expect(parseDistributions("VERSION_ID='12'\nID=debian\n")).toEqual(['debian']);
    expect(parseDistributions('')).toEqual([]);
  });
});
