import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../../src/analyze/analyze.ts';
import { type ExportFormat, exportFormats } from '../../../src/analyze/export/export-formats.ts';
import { cpuProfileForZeroX, exportRun } from '../../../src/analyze/export/export-run.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { healthyAllocations, healthyCpu, healthyLiveHeap } from '../drawn-profiles.ts';
import { expectGolden } from '../golden.ts';
import { type SyntheticOptions, writeSyntheticRun } from '../synthetic-run.ts';

const profiles = { cpu: healthyCpu, allocations: healthyAllocations, 'live-heap': healthyLiveHeap };
const golden = path.join(packageRoot, 'test', 'golden', 'export');
const exporter = 'tracker-lab 0.0.0';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'export-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const written = (options: SyntheticOptions = { profiles }): string => writeSyntheticRun(root, options);

/** What is long is the same over and over: ticks of a .cpuprofile, seconds of a timeline. */
function shortened(format: ExportFormat, text: string): string {
  if (format === 'csv')
    return text
      .split(/(?<=\r\n)/)
      .filter((row) => isFirstSeconds(row))
      .join('');
  if (format !== 'cpuprofile') return text;
  const file = JSON.parse(text) as Record<'samples' | 'timeDeltas', number[]>;
  const samples = `${file.samples.length} of ${new Set(file.samples).size} nodes`;
  const timeDeltas = [...new Set(file.timeDeltas)];
  return `${JSON.stringify({ ...file, samples, timeDeltas }, null, 1)}\n`;
}

function isFirstSeconds(row: string): boolean {
  const [section, phase, atMs] = row.split(',');
  return section === 'timeline' ? Number(atMs) < 2_000 : phase !== 'warm-up' && phase !== 'profiled';
}

describe('a run for other tools', () => {
  it.each(exportFormats)('is written as %s, byte for byte as in the golden file', async (format) => {
    const directory = written({ profiles, announce: { timedOut: 1_200, errorReplies: 300 } });
    await analyzeRun(directory);
    const { text } = await exportRun(directory, { format, exporter });
    mkdirSync(golden, { recursive: true });
    expectGolden(path.join(golden, `${format}.txt`), shortened(format, text));
  });

  it('comes with a job summary for GitHub Actions', async () => {
    const directory = written({ profiles, announce: { timedOut: 1_200, errorReplies: 300 } });
    const { summary } = await exportRun(directory, { format: 'gha', exporter });
    expectGolden(path.join(golden, 'gha-summary.md'), summary ?? '');
  });

  it('is analysed first where it has no report, or one that cannot be read', async () => {
    const directory = written();
    const first = await exportRun(directory, { format: 'benchfmt', exporter });
    writeFileSync(path.join(directory, 'report.json'), '{"schemaVersion": 99}');
    expect(await exportRun(directory, { format: 'benchfmt', exporter })).toEqual(first);
    expect(first.text).toMatch(/^BenchmarkTracker\/scenario=heavy\/workers=\d+-\d+ \d+ /m);
  });

  it('is exported from its report as it stands', async () => {
    const directory = written();
    const { report } = await analyzeRun(directory);
    const renamed = { ...report, target: { ...report.target, name: 'renamed' } };
    writeFileSync(path.join(directory, 'report.json'), JSON.stringify(renamed));
    const { text } = await exportRun(directory, { format: 'openmetrics', exporter });
    expect(text).toContain('tracker="renamed"');
  });

  it('has one profile where one is chosen', async () => {
    const directory = written();
    const { text } = await exportRun(directory, { format: 'speedscope', profile: 'allocations', exporter });
    const { profiles: exported } = JSON.parse(text) as { profiles: { name: string; unit: string }[] };
    expect(exported.map(({ name, unit }) => [name, unit])).toEqual([
      ['allocations, alloc_space', 'bytes'],
      ['allocations, alloc_objects', 'none'],
    ]);
  });

  it('has no .cpuprofile of bytes', async () => {
    await expect(
      exportRun(written(), { format: 'cpuprofile', profile: 'allocations', exporter }),
    ).rejects.toMatchObject({ code: 'NOT_A_TIME' });
  });

  it('names the profiles that are there where the wanted one is not', async () => {
    await expect(
      exportRun(written(), { format: 'folded', profile: 'mutex', exporter }),
    ).rejects.toMatchObject({
      code: 'NO_SUCH_PROFILE',
      hint: expect.stringContaining('cpu, allocations, live-heap'),
    });
  });

  it('counts lines from 1 for 0x, which prints them as they are', () => {
    const directory = written();
    const { nodes } = cpuProfileForZeroX(directory);
    const frame = nodes.find(({ callFrame }) => callFrame.functionName === 'encodePeers')?.callFrame;
    expect(frame?.lineNumber).toBe(12);
  });
});

describe('an export', () => {
  it('leaves the files of the run alone but for a report that was missing', async () => {
    const directory = written();
    const before = readFileSync(path.join(directory, 'run.json'), 'utf8');
    for (const format of exportFormats) await exportRun(directory, { format, exporter });
    expect(readFileSync(path.join(directory, 'run.json'), 'utf8')).toBe(before);
  });
});
