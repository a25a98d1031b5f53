import { describe, expect, it } from 'vitest';
import { buildReport } from '../../../src/analyze/report/build-report.ts';
import { scenarioFigures } from '../../../src/analyze/report/comparison.ts';
import type { Report } from '../../../src/analyze/report/report-schema.ts';
import { summarize } from '../../../src/analyze/report/summarize.ts';
import { summarizeSuite } from '../../../src/analyze/report/summarize-suite.ts';
import { wrapLines } from '../../../src/analyze/report/wrap-lines.ts';
import { healthyCpu } from '../drawn-profiles.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

function reportOf(options: SyntheticOptions = {}): Report {
  const evidence = syntheticEvidence(options);
  return buildReport(evidence, { history: { rows: [], brokenLines: 0 }, runs: [scenarioFigures(evidence)] });
}

describe('wrapped lines', () => {
  it('break at spaces and hang under their text', () => {
    expect(wrapLines(['  1. one two three four five six'], 20)).toEqual([
      '  1. one two three',
      '    four five six',
    ]);
  });

  it('keep a word that is longer than the width, and what fits', () => {
    const word = 'x'.repeat(40);
    expect(wrapLines([`a ${word} b`, 'short', ''], 20)).toEqual(['a', `  ${word}`, '  b', 'short', '']);
    expect(wrapLines([word], 20)).toEqual([word]);
  });

  it('are left alone without a width', () => {
    expect(wrapLines(['y '.repeat(100)], undefined)).toEqual(['y '.repeat(100)]);
  });
});

describe('the summary', () => {
  const report = reportOf({ profiles: { cpu: healthyCpu }, announce: { timedOut: 9_000 } });

  it('keeps within the width but for paths and commands, and loses no word', () => {
    const wide = summarize(report, '/runs/x', 'tracker-lab');
    const narrow = summarize(report, '/runs/x', 'tracker-lab', 60);
    const words = (lines: readonly string[]) => lines.join(' ').split(/\s+/);
    expect(words(narrow)).toEqual(words(wide));
    expect(narrow.slice(0, -2).filter((line) => line.length > 80)).toEqual([]);
    expect(narrow.at(-1)).toBe(wide.at(-1));
  });

  it('names the profiles that are not there, with what to do', () => {
    const reason = 'perf is not installed (Debian: apt-get install linux-perf)';
    const lines = summarize({ ...report, missingProfiles: [{ kind: 'perf', reason }] }, '/runs/x');
    expect(lines).toContain(`No perf profile: ${reason}.`);
  });

  it('tells samples that are all in libraries from samples that are too few', () => {
    const linesOf = (value: number) => {
      const cpu = report.top.cpu as NonNullable<Report['top']['cpu']>;
      const row = { ...cpu.charged.rows[0], class: 'library', value } as (typeof cpu.charged.rows)[number];
      const charged = { ...cpu.charged, total: value, rows: [row] };
      const profile = { ...cpu.profile, interval: { value: 10_000, unit: 'microseconds' as const } };
      return summarize({ ...report, top: { ...report.top, cpu: { ...cpu, profile, charged } } }, '/runs/x');
    };
    expect(linesOf(5e9)).toContain(
      '  No sample is in a function of the application itself: libraries and the runtime are all there is.',
    );
    expect(linesOf(5e8)).toContain(
      '  Too few samples: 0 in application functions, 100 are needed; load more or profile longer.',
    );
  });

  it('says that a profile holds no sample', () => {
    const { cpu } = report.top;
    if (cpu === null) throw new Error('the golden run has a CPU profile');
    const charged = { ...cpu.charged, total: 0, rows: [] };
    const lines = summarize(
      { ...report, top: { ...report.top, allocations: { ...cpu, charged } } },
      '/runs/x',
    );
    expect(lines).toContain('Allocated by: the profile holds no sample.');
  });

  it('says of what a finding has its share', () => {
    expect(summarize(report, '/runs/x').join('\n')).toContain('cpu-hot-function, 40.0 % of the CPU:');
  });
});

describe('the summary of a suite', () => {
  it('is a row a run under its head, in aligned columns', () => {
    const light = reportOf({ scenario: { name: 'light', concurrency: 10 } });
    const stress = reportOf({ scenario: { name: 'stress', concurrency: 10_000 }, phases: ['warm-up'] });
    const partial = { ...stress, partial: { reason: 'SIGINT' } };
    const lines = summarizeSuite([light, partial]);
    expect(lines).toEqual([
      'Scenario  Workers           RPS           P95       Success  Status',
      'light          10     12,200.00       3.00 ms      100.00 %  Good',
      'stress     10,000  not measured  not measured  not measured  - (partial)',
    ]);
  });
});
