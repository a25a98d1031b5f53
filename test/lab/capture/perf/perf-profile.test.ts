import { describe, expect, it } from 'vitest';
import { decodeProfile } from '../../../../src/analyze/profile/decode-profile.ts';
import { topTable } from '../../../../src/analyze/profile/top-table.ts';
import { FrameLocator } from '../../../../src/lab/capture/frame-locator.ts';
import { JitMap } from '../../../../src/lab/capture/perf/jit-map.ts';
import { PerfScriptParser } from '../../../../src/lab/capture/perf/parse-perf-script.ts';
import { type JitProcess, PerfProfile } from '../../../../src/lab/capture/perf/perf-profile.ts';

function convert(script: string, processes: ReadonlyMap<number, JitProcess> = new Map()) {
  const perf = new PerfProfile(processes, '/srv/tracker');
  const parser = new PerfScriptParser((sample) => perf.add(sample));
  parser.push(script);
  parser.end();
  const result = decodeProfile(perf.encode(1e18, 5e8), { fileName: 'perf' });
  if (!result.ok) throw result.problem;
  return { perf, profile: result.profile };
}

/** `name file:line runtime` of the frames of the first sample, leaf first. */
function firstStack({ profile }: ReturnType<typeof convert>): string[] {
  return [...profile.stackFrames.subarray(0, profile.stackStart[1])].map((index) => {
    const frame = profile.frames[index];
    return `${frame?.functionName} ${frame?.file}:${frame?.line} ${frame?.runtime}`;
  });
}

const sample = (comm: string, ids: string, frames: readonly string[], event = 'cpu-clock') =>
  `${comm} ${ids} 1.0: 1001001 ${event}:\n${frames.map((frame) => `\t${frame}\n`).join('')}\n`;

describe('samples of perf as pprof', () => {
  it('keep count, CPU time and order, with one sample for each stack and thread', () => {
    const stack = ['11bf hash.isra.0+0x1 (/srv/tracker)', '11cf main+0x1 (/srv/tracker)'];
    const script = sample('tracker', '7/7', stack).repeat(3) + sample('worker', '7/8', stack);
    const { perf, profile } = convert(script);
    expect(profile.valueTypes).toEqual([
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ]);
    expect(profile.defaultValueIndex).toBe(1);
    expect([profile.sampleCount, profile.period, profile.durationNs]).toEqual([2, 1001001, 5e8]);
    expect(profile.values.map((values) => [...values])).toEqual([
      [3, 1],
      [3003003, 1001001],
    ]);
    expect(perf.sampleCount).toBe(4);
    const rows = topTable(profile, { count: 5 }).rows.map((row) => [row.functionName, row.flat, row.cum]);
    expect(rows).toEqual([
      ['hash', 4004004, 4004004],
      ['main', 0, 4004004],
    ]);
  });

  it('count what an addon does for a JavaScript that cannot be seen', () => {
    const map = '7f0000001000 100 JS:*serve file:///srv/tracker.js:1:1\n';
    const locator = new FrameLocator({ program: '/srv', agent: '/lab' });
    const processes = new Map([[7, { jit: new JitMap(map), locator }]]);
    const inAddon = '10ad0c [unknown] (/srv/node_modules/a/koffi.node)';
    const { perf } = convert(
      sample('node', '7/7', [inAddon, '7ffd12 [unknown] ([unknown])', '20 node::Start+0x1 (/usr/bin/node)']) +
        sample('node', '7/7', [inAddon, '7f0000001010 [unknown] (/tmp/perf-7.map)']) +
        sample('node', '8/8', [inAddon]),
      processes,
    );
    expect([...perf.orphanedAddonSamples]).toEqual([['koffi.node', 1]]);
  });

  it('tell the kernel, its modules, libraries and the program apart', () => {
    const converted = convert(
      sample('tracker', '7/7', [
        'ffffffffc0001000 nf_hook+0x1 ([nf_tables])',
        'ffffffff82044dc2 udp_sendmsg+0x9c2 ([kernel.kallsyms])',
        'ffffffff82044dc3 [unknown] ([unknown])',
        '10ad0c __libc_sendto+0x6c (/usr/lib/libc.so.6)',
        '20ad0c [unknown] (/usr/lib/libc.so.6)',
        'ffffffffff600000 [unknown] ([vsyscall])',
        '1230 reply.cold+0x1 (/srv/tracker)',
      ]),
    );
    expect(firstStack(converted)).toEqual([
      'nf_hook [nf_tables]:0 kernel',
      'udp_sendmsg [kernel.kallsyms]:0 kernel',
      '[kernel.kallsyms] [kernel.kallsyms]:0 kernel',
      '__libc_sendto /usr/lib/libc.so.6:0 native',
      '[libc.so.6] /usr/lib/libc.so.6:0 native',
      '[vsyscall] [vsyscall]:0 native',
      'reply /srv/tracker:0 native',
    ]);
    expect([converted.perf.kernelFrames, converted.perf.unnamedKernelFrames]).toEqual([3, 1]);
  });

  const map =
    '7f00001000 100 JS:*concat node:buffer:5:6\n' +
    '7f00001000 100 JS:*onMessage file:///srv/app/src/main.js:12:19\n' +
    '7f00002000 100 Builtin:ArrayPrototypePush\n7f00003000 10 JS:~ /srv/app/src/odd.js:3:4\n' +
    '7f00004000 10 JS:~f file://host/x.js:1:2\n';
  const jitStack = [
    '7f00001010 JS:*concat node:buffer:5:6+0x10 (/tmp/perf-7.map)',
    '7f00002010 [unknown] (//anon)',
    '7f00003001 [unknown] ([unknown])',
    '7f00004001 [unknown] ([anon:v8])',
    'c494db v8::Script::Run+0x12b (/usr/bin/node)',
  ];
  const locator = new FrameLocator({ program: '/srv/app', agent: '/lab' });

  it('name JIT code anew, by the last line of the map, without the tier', () => {
    const processes = new Map([[7, { jit: new JitMap(map), locator }]]);
    const converted = convert(sample('node', '7/7', jitStack), processes);
    expect(firstStack(converted)).toEqual([
      'onMessage src/main.js:12 v8',
      'Builtins_ArrayPrototypePush [v8 builtin]:0 v8',
      '(anonymous:L#3:C#4) src/odd.js:3 v8',
      'f file:/host/x.js:1 v8',
      'v8::Script::Run /usr/bin/node:0 native',
    ]);
    expect(converted.perf.unnamedJitPids.size).toBe(0);
  });

  it('look for the code of a process only in its own map', () => {
    const processes = new Map([[8, { jit: new JitMap(map), locator }]]);
    const converted = convert(sample('node', '7/7', jitStack), processes);
    // perf's own word where there is no better one.
    expect(firstStack(converted)[0]).toBe('concat node:buffer:5 v8');
    expect(firstStack(converted)[1]).toBe('[unknown] :0 v8');
    expect([...converted.perf.unnamedJitPids]).toEqual([7]);
  });

  it('have the name that another JIT compiler gave', () => {
    const frames = ['7f00000001 py::announce:/srv/t.py+0x1 (/tmp/perf-7.map)'];
    expect(firstStack(convert(sample('python3', '7/7', frames)))).toEqual([
      'py::announce:/srv/t.py [jit]:0 native',
    ]);
  });

  it('list main threads first, and leave out other events', () => {
    const { perf, profile } = convert(
      sample('b', '9/10', []) +
        sample('a', '9/9', []) +
        sample('c', '7/8', []) +
        sample('d', '7/7', [], 'cycles'),
    );
    expect(perf.threads()).toEqual(['a 9', 'c 8', 'b 10']);
    expect(profile.sampleCount).toBe(3);
  });

  it('count those without the kernel', () => {
    const { perf } = convert(sample('a', '9/9', [], 'cpu-clock:u') + sample('a', '9/9', []));
    expect([perf.sampleCount, perf.userOnlySamples]).toEqual([2, 1]);
  });
});
