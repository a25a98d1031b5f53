import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { allowedCpus, parseCpuList, pinningObstacle, planPinning } from '../../../src/lab/target/pinning.ts';

describe('the pinning plan', () => {
  it('gives the target one core and the generator the rest', () => {
    expect(planPinning({ mode: 'auto', allowed: [0, 1] }).pinning).toEqual({ target: '0', generator: '1' });
    expect(planPinning({ mode: 'auto', allowed: [2, 3, 5, 6] }).pinning).toEqual({
      target: '2',
      generator: '3,5-6',
    });
  });

  it('gives a target with threads as many cores as it has, where one is left for the generator', () => {
    const allowed = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(planPinning({ mode: 'auto', allowed, targetCores: 3 }).pinning?.target).toBe('0-2');
    expect(planPinning({ mode: 'auto', allowed, targetCores: 7 }).pinning).toEqual({
      target: '0-6',
      generator: '7',
    });
  });

  it('pins nothing where the threads take every core, and says who shares them', () => {
    for (const targetCores of [2, 3]) {
      expect(planPinning({ mode: 'auto', allowed: [0, 1], targetCores })).toEqual({
        pinning: null,
        note: `Not pinned: the tracker's ${targetCores} workers and the generator share 2 cores.`,
      });
    }
  });

  it('says why one core cannot be shared out', () => {
    expect(planPinning({ mode: 'auto', allowed: [3] })).toEqual({
      pinning: null,
      note: expect.stringContaining('only core'),
    });
  });

  it('is silent where nobody wants it', () => {
    expect(planPinning({ mode: 'off', allowed: [0, 1] })).toEqual({ pinning: null, note: null });
  });

  it('takes explicit lists', () => {
    expect(planPinning({ mode: '1,0:2-3', allowed: [0, 1, 2, 3] }).pinning).toEqual({
      target: '0-1',
      generator: '2-3',
    });
  });

  it.each([
    ['0', 'expected auto, off or TARGET:GENERATOR'],
    ['0:1:2', 'expected auto, off or TARGET:GENERATOR'],
    ['a:b', 'expected auto, off or TARGET:GENERATOR'],
    ['3-1:0', 'expected auto, off or TARGET:GENERATOR'],
    [':', 'expected auto, off or TARGET:GENERATOR'],
    ['0:9', 'core 9 of "0:9" is not among 0-1'],
    ['0:0-1', 'core 0 of "0:0-1" is on both sides'],
  ])('refuses %s', (mode, message) => {
    const plan = () => planPinning({ mode, allowed: [0, 1] });
    expect(plan).toThrow(LabError);
    expect(plan).toThrow(message);
  });
});

describe('a CPU list', () => {
  it.each([
    ['0', [0]],
    ['0-2,5', [0, 1, 2, 5]],
    ['5,0-1,1', [0, 1, 5]],
  ])('of the form %s is read', (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  it.each(['', 'x', '1-', '-1', '1,,2', '2-1', '99999'])('of the form "%s" is refused', (text) => {
    expect(parseCpuList(text)).toBeNull();
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  it('knows the cores that this process may use', () => {
    const cpus = allowedCpus();
    expect(cpus.length).toBeGreaterThan(0);
    const line = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect(parseCpuList(line as string)).toEqual(cpus);
  });

  it.skipIf(pinningObstacle() !== null)('pins a process with all its threads (needs taskset)', async () => {
    const cpu = String(allowedCpus().at(-1));
    const script = `
      const { pinThisProcess } = await import(${JSON.stringify(new URL('../../../dist/lab/target/pinning.js', import.meta.url).href)});
      const obstacle = pinThisProcess('${cpu}');
      const { readdirSync, readFileSync } = await import('node:fs');
      const lists = readdirSync('/proc/self/task').map((id) => /^Cpus_allowed_list:\\s*(\\S+)$/m.exec(readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]);
      console.log(JSON.stringify({ obstacle, lists, bad: pinThisProcess('no-list') }));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    await once(child, 'close');
    const { obstacle, lists, bad } = JSON.parse(output) as {
      obstacle: unknown;
      lists: string[];
      bad: string;
    };
    expect(obstacle).toBeNull();
    expect(lists.length).toBeGreaterThan(1);
    expect(new Set(lists)).toEqual(new Set([cpu]));
    expect(bad).toContain('taskset failed');
  });
});
