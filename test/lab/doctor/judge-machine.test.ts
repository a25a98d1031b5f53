import { describe, expect, it } from 'vitest';
import { type Check, judgeMachine } from '../../../src/lab/doctor/judge-machine.ts';
import type { MachineReadings } from '../../../src/lab/doctor/machine-readings.ts';

const healthy: MachineReadings = {
  nodeVersion: '20.19.0',
  cpuCount: 8,
  allowedCpus: [0, 1, 2, 3, 4, 5, 6, 7],
  tasksetObstacle: null,
  hasProc: true,
  receiveBufferMaxBytes: 4_194_304,
  batchedObstacle: null,
  openFiles: { soft: 1024, hard: 524_288 },
  perfVersion: 'perf version 6.1.187',
  perfEventParanoid: 1,
  capabilities: new Set(),
  governors: ['performance'],
  othersBusyCores: 0.1,
  distributions: ['debian'],
  out: { directory: '/srv/profiles', nearest: '/srv', freeBytes: 5e9, obstacle: null },
};

function check(name: string, changes: Partial<MachineReadings>): Check {
  const found = judgeMachine({ ...healthy, ...changes }).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no check ${name}`);
  return found;
}

describe('the judgement of a machine', () => {
  it('finds nothing amiss on a healthy one, and mends nothing', () => {
    const checks = judgeMachine(healthy);
    expect(checks.length).toBe(12);
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.filter(({ mend }) => mend !== null)).toEqual([]);
    expect(new Set(checks.map(({ name }) => name)).size).toBe(12);
  });

  it.each<[string, string, Partial<MachineReadings>, Check['state'], RegExp | null]>([
    ['an old Node', 'Node.js', { nodeVersion: '20.18.9' }, 'fail', /^nvm install/],
    ['an older Node', 'Node.js', { nodeVersion: '18.20.0' }, 'fail', /^nvm install/],
    ['a newer Node', 'Node.js', { nodeVersion: '22.0.0' }, 'ok', null],
    ['the only core', 'cores', { cpuCount: 1, allowedCpus: [0] }, 'warn', null],
    ['one allowed core of four', 'cores', { cpuCount: 4, allowedCpus: [2] }, 'warn', /^taskset -p -c 0-3 /],
    ['no taskset', 'taskset', { tasksetObstacle: 'ENOENT' }, 'warn', /util-linux$/],
    ['load of others', 'other load', { othersBusyCores: 0.11 }, 'warn', /^top/],
    ['load that is not told', 'other load', { othersBusyCores: null }, 'ok', null],
    [
      'a saving governor on one core',
      'CPU governor',
      { governors: ['performance', 'powersave'] },
      'warn',
      /cpupower/,
    ],
    ['no governor', 'CPU governor', { governors: [] }, 'ok', null],
    ['no /proc', '/proc', { hasProc: false }, 'warn', null],
    [
      'no koffi',
      'batched sockets',
      { batchedObstacle: 'koffi does not load' },
      'warn',
      /^npm install koffi$/,
    ],
    ['another system', 'batched sockets', { batchedObstacle: 'this is darwin' }, 'warn', null],
    ['a small buffer', 'receive buffer', { receiveBufferMaxBytes: 212_992 }, 'warn', /rmem_max=4194304$/],
    [
      'a small buffer that root passes over',
      'receive buffer',
      { receiveBufferMaxBytes: 212_992, capabilities: new Set([12]) },
      'ok',
      null,
    ],
    [
      'a small buffer that root cannot pass over by dgram',
      'receive buffer',
      { receiveBufferMaxBytes: 212_992, capabilities: new Set([12]), batchedObstacle: 'none' },
      'warn',
      /rmem_max/,
    ],
    ['a low soft limit', 'open files', { openFiles: { soft: 256, hard: 4096 } }, 'warn', /^ulimit -n 4096$/],
    ['a low hard limit', 'open files', { openFiles: { soft: 256, hard: 512 } }, 'warn', /^sudo prlimit/],
    [
      'hardly any file',
      'open files',
      { openFiles: { soft: 63, hard: Infinity } },
      'fail',
      /^ulimit -n 65536$/,
    ],
    ['files without limit', 'open files', { openFiles: { soft: Infinity, hard: Infinity } }, 'ok', null],
    ['files that are not told', 'open files', { openFiles: null }, 'ok', null],
    ['no perf on Debian', 'perf', { perfVersion: null }, 'warn', /install linux-perf$/],
    [
      'no perf on Ubuntu',
      'perf',
      { perfVersion: null, distributions: ['ubuntu', 'debian'] },
      'warn',
      /linux-tools-\$\(uname -r\)$/,
    ],
    [
      'no perf on an unknown system',
      'perf',
      { perfVersion: null, distributions: [] },
      'warn',
      /package manager/,
    ],
    ['the usual level of perf', 'perf permission', { perfEventParanoid: 2 }, 'warn', /paranoid=1$/],
    ['no perf for users', 'perf permission', { perfEventParanoid: 4 }, 'warn', /paranoid=1$/],
    ['perf for root', 'perf permission', { perfEventParanoid: 4, capabilities: new Set([21]) }, 'ok', null],
    ['CAP_PERFMON', 'perf permission', { perfEventParanoid: 4, capabilities: new Set([38]) }, 'ok', null],
    ['no perf events', 'perf permission', { perfEventParanoid: null }, 'warn', null],
    ['little room', 'results folder', { out: { ...healthy.out, freeBytes: 199e6 } }, 'warn', /^du /],
    ['no room', 'results folder', { out: { ...healthy.out, freeBytes: 9e6 } }, 'fail', /^du /],
    [
      'a folder of somebody else',
      'results folder',
      { out: { ...healthy.out, nearest: "/srv/it's", obstacle: 'not writable' } },
      'fail',
      /^sudo chown "\$USER" '\/srv\/it'\\''s'$/,
    ],
    [
      'a file in its place',
      'results folder',
      { out: { ...healthy.out, obstacle: 'not a folder' } },
      'fail',
      null,
    ],
  ])('on %s: %s', (_what, name, changes, state, mend) => {
    const found = check(name, changes);
    expect(found.state).toBe(state);
    if (mend === null) expect(found.mend).toBeNull();
    else expect(found.mend).toMatch(mend);
  });

  it('tells what perf loses at each level', () => {
    expect(check('perf permission', { perfEventParanoid: 2 }).matter).toBe('perf sees no kernel frames');
    expect(check('perf permission', { perfEventParanoid: 3 }).matter).toBe('perf is refused');
  });

  it('changes one check where one thing is amiss', () => {
    const checks = judgeMachine({ ...healthy, governors: ['ondemand'] });
    expect(checks.filter(({ state }) => state !== 'ok').map(({ name, found }) => [name, found])).toEqual([
      ['CPU governor', 'ondemand'],
    ]);
  });
});
