import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/analyze/evidence.ts';
import { offCpu } from '../../src/analyze/off-cpu.ts';
import { decodeProfile } from '../../src/analyze/profile/decode-profile.ts';
import type { Profile } from '../../src/analyze/profile/profile.ts';
import { lockContention } from '../../src/analyze/rules/lock-contention.ts';
import { drawProfile } from './profile/draw-profile.ts';
import { syntheticEvidence } from './synthetic-run.ts';

const clocks = [
  { type: 'wall', unit: 'nanoseconds' },
  { type: 'cpu', unit: 'nanoseconds' },
];

/** 30 % waiting below `serve`, 60 % computing that keeps two thirds of its core, 10 % a system call; idle beside it. */
const waiting = drawProfile(
  `
  300                        600                     100                     900
  6                          400                     2                       1
  serve@src/app.ts:10        serve@src/app.ts:10     serve@src/app.ts:10     (idle)
  takeTicket@src/lock.ts:5   count@src/app.ts:30     readSync
  `,
  { valueTypes: clocks, runtime: 'v8' },
);

describe('off-CPU time of JavaScript', () => {
  it('is wall time less CPU time of functions that hardly run, outside idle frames and native calls', () => {
    const off = offCpu(waiting);
    expect(off?.share).toBeCloseTo(0.294);
    expect(off?.functions).toEqual([
      {
        subject: { function: 'takeTicket', file: 'src/lock.ts', line: 5 },
        offCpu: 294,
        cpuShare: expect.closeTo(0.02),
      },
    ]);
    expect(off?.otherCpuShare).toBeCloseTo(2 / 3);
  });

  it('goes by the application that called a library, and not by what else that called', () => {
    const off = offCpu(
      drawProfile(
        `
        50                                  50
        1                                   49
        serve@src/app.ts:10                 serve@src/app.ts:10
        wait@node_modules/sync/i.js:1       pack@node_modules/sync/i.js:9
        `,
        { valueTypes: clocks, runtime: 'v8' },
      ),
    );
    expect(off?.functions.map(({ subject }) => subject.function)).toEqual(['serve']);
    expect(off?.share).toBeCloseTo(0.49);
  });

  it('is not known from one clock alone, nor of a program that only idled', () => {
    expect(offCpu(drawProfile('10\nserve@src/app.ts:10'))).toBeNull();
    expect(offCpu(drawProfile('10\n1\n(idle)', { valueTypes: clocks }))).toBeNull();
  });
});

/** A run of two threads of JavaScript with that CPU profile. */
function ofTwoThreads(cpu: Profile): Evidence {
  const evidence = syntheticEvidence({ profiles: { cpu } });
  const profiles = evidence.profiles.map(({ record, profile }) => ({
    record: { ...record, threads: ['main', 'worker 1'] },
    profile,
  }));
  return { ...evidence, profiles };
}

describe('lock-contention of a Node program', () => {
  it('names the function that waits, which has no lock in its stack', () => {
    const finding = lockContention(ofTwoThreads(waiting));
    expect(finding).toMatchObject({ verdict: 'found', subject: { function: 'takeTicket' } });
    expect(finding.share).toBeCloseTo(0.294);
    expect(finding.summary).toMatch(/stands still for 29.4 % of the time, .*takeTicket.* 2.0 % of its own/);
  });

  it('takes a function that shares its core for no waiting one', () => {
    const sharing = drawProfile('600\n300\nserve@src/app.ts:10', { valueTypes: clocks, runtime: 'v8' });
    expect(lockContention(ofTwoThreads(sharing)).verdict).toBe('clear');
  });

  it('takes neither one thread alone nor a synchronous call of a file for waiting for another thread', () => {
    expect(lockContention(syntheticEvidence({ profiles: { cpu: waiting } })).verdict).toBe('clear');
    const reading = drawProfile(
      `
      600                       400
      5                         390
      readList@src/app.ts:10    serve@src/app.ts:30
      readFileSync@node:fs:400
      `,
      { valueTypes: clocks, runtime: 'v8' },
    );
    expect(lockContention(ofTwoThreads(reading)).verdict).toBe('clear');
    expect(offCpu(reading)?.functions).toEqual([]);
  });
});

describe('Atomics.wait on this Node', () => {
  let folder = '';
  let profile: Profile;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'off-cpu-'));
    const file = path.join(folder, 'cpu.pb');
    const program = fileURLToPath(new URL('../lab/capture/fixtures/atomics-wait.mjs', import.meta.url));
    execFileSync(process.execPath, [program, file], { timeout: 60_000 });
    const decoded = decodeProfile(readFileSync(file), { fileName: file });
    if (!decoded.ok) throw decoded.problem;
    profile = decoded.profile;
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('shows as the wall time of the function that calls it, in both threads', () => {
    const functions = offCpu(profile)?.functions ?? [];
    expect(functions[0]?.subject).toMatchObject({
      function: 'takeTicket',
      file: expect.stringMatching(/atomics-wait\.mjs$/),
    });
    // 150 waits of 3 ms in each of two threads.
    const waitedMs = (functions[0]?.offCpu ?? 0) / 1e6;
    expect(waitedMs).toBeGreaterThan(600);
    expect(functions.map(({ subject }) => subject.function)).not.toContain('countUp');
  });

  it('is found as lock contention', () => {
    const finding = lockContention(ofTwoThreads(profile));
    expect(finding).toMatchObject({ verdict: 'found', subject: { function: 'takeTicket' } });
  });
});
