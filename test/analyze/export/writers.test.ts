import { describe, expect, it } from 'vitest';
import { benchFormat } from '../../../src/analyze/export/bench-format.ts';
import { type Check, checksOf } from '../../../src/analyze/export/check-list.ts';
import { cpuProfile } from '../../../src/analyze/export/cpu-profile.ts';
import { csvTable } from '../../../src/analyze/export/csv.ts';
import { foldedStacks } from '../../../src/analyze/export/folded.ts';
import { githubAnnotations, githubSummary } from '../../../src/analyze/export/github-actions.ts';
import { junitXml } from '../../../src/analyze/export/junit.ts';
import { openMetrics } from '../../../src/analyze/export/openmetrics.ts';
import { speedscopeFile } from '../../../src/analyze/export/speedscope.ts';
import type { Frame, Profile } from '../../../src/analyze/profile/profile.ts';
import { buildReport } from '../../../src/analyze/report/build-report.ts';
import { scenarioFigures } from '../../../src/analyze/report/comparison.ts';
import type { Report } from '../../../src/analyze/report/report-schema.ts';
import { healthyCpu } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

function reportOf(options: SyntheticOptions = {}): Report {
  const evidence = syntheticEvidence({ profiles: { cpu: healthyCpu }, ...options });
  return buildReport(evidence, { history: { rows: [], brokenLines: 0 }, runs: [scenarioFigures(evidence)] });
}

/** A profile of one sample whose function has a hostile name. */
function named(functionName: string, file = 'src/a.ts'): Profile {
  const drawn = drawProfile(`
    5
    f@src/a.ts:1
  `);
  return { ...drawn, frames: drawn.frames.map((frame): Frame => ({ ...frame, functionName, file })) };
}

describe('folded stacks', () => {
  it('are one line a stack, its value last, functions with their files', () => {
    const profile = drawProfile(`
      3             4
      a@src/a.ts:1  a@src/a.ts:2
      b@src/b.ts:9
    `);
    expect(foldedStacks(profile, 0)).toBe('a (src/a.ts) 4\na (src/a.ts);b (src/b.ts) 3\n');
  });

  it.each([
    ['a semicolon', 'a;b', 'a%3Bb (src/a.ts) 5\n'],
    ['a line break', 'a\nevil 9', 'a%0Aevil 9 (src/a.ts) 5\n'],
    ['a line separator', 'a\u2028b', 'a%E2%80%A8b (src/a.ts) 5\n'],
  ])('keep %s in a name from ending it', (_what, name, line) => {
    expect(foldedStacks(named(name), 0)).toBe(line);
  });

  it('leave values below 0 out', () => {
    const profile = drawProfile(`
      -3            4
      a@src/a.ts:1  b@src/b.ts:2
    `);
    expect(foldedStacks(profile, 0)).toBe('b (src/b.ts) 4\n');
  });
});

describe('a .cpuprofile', () => {
  it('keeps the total and the shares of a profile', () => {
    const { nodes, samples, timeDeltas, endTime } = cpuProfile(healthyCpu, { valueIndex: 0 });
    const hits = (name: string): number =>
      nodes
        .filter(({ callFrame }) => callFrame.functionName === name)
        .reduce((sum, { hitCount }) => sum + hitCount, 0);
    expect(endTime).toBe(5_000_000);
    expect(timeDeltas.reduce((sum, delta) => sum + delta, 0)).toBe(endTime - (timeDeltas[1] ?? 0));
    expect(hits('encodePeers') / samples.length).toBeCloseTo(0.4, 4);
    expect(nodes[0]?.callFrame.functionName).toBe('(root)');
  });

  it('names each node once as a child, and samples only nodes that are there', () => {
    const { nodes, samples } = cpuProfile(healthyCpu, { valueIndex: 0 });
    const children = nodes.flatMap((node) => node.children);
    expect(children.toSorted((a, b) => a - b)).toEqual(nodes.slice(1).map(({ id }) => id));
    expect(samples.every((id) => id >= 1 && id <= nodes.length)).toBe(true);
  });

  it('loses nothing of many small stacks', () => {
    const names = Array.from({ length: 300 }, (_, index) => `f${String(index).padStart(3, '0')}@src/a.ts:1`);
    const profile = drawProfile(
      `${names.map(() => '1000333     ').join('')}\n${names.join('  ')}\n`.replaceAll(
        '1000333     ',
        '1000333          ',
      ),
    );
    const { samples, endTime } = cpuProfile(profile, { valueIndex: 0 });
    expect(samples.length).toBeGreaterThan(40_000);
    expect(Math.abs(endTime - 300 * 1000.333)).toBeLessThan(20);
  });
});

describe('speedscope', () => {
  it('gets samples whose frames are all in its list, weights that add up to the end', () => {
    const file = JSON.parse(
      speedscopeFile(syntheticEvidence({ profiles: { cpu: healthyCpu } }).profiles, {
        name: 'run',
        exporter: 'lab',
      }),
    ) as {
      shared: { frames: { name: string }[] };
      profiles: { samples: number[][]; weights: number[]; endValue: number; unit: string }[];
    };
    const [profile] = file.profiles;
    expect(profile?.unit).toBe('nanoseconds');
    expect(profile?.endValue).toBe(5e9);
    expect(profile?.weights.reduce((sum, weight) => sum + weight, 0)).toBe(profile?.endValue);
    const names = profile?.samples[0]?.map((frame) => file.shared.frames[frame]?.name);
    expect(names).toEqual(['onMessage', 'encodePeers']);
  });

  it('opens at the CPU profile, wherever it stands', () => {
    const { profiles } = syntheticEvidence({
      profiles: { allocations: named('allocating'), cpu: healthyCpu },
    });
    const last = [...profiles].sort((one) => (one.record.kind === 'cpu' ? 1 : -1));
    const file = JSON.parse(speedscopeFile(last, { name: 'run', exporter: 'lab' })) as {
      activeProfileIndex: number;
      profiles: { name: string }[];
    };
    expect(file.profiles[0]?.name).toMatch(/^allocations/);
    expect(file.profiles[file.activeProfileIndex]?.name).toMatch(/^cpu/);
  });
});

describe('checks', () => {
  const outcome = (checks: readonly Check[], name: string) =>
    checks.find((check) => check.name === name)?.outcome;

  it('are failures where the run is invalid, warnings where a rule found something', () => {
    const report = reportOf();
    expect(outcome(checksOf(report), 'load-complete')).toBe('passed');
    const invalid: Report = {
      ...report,
      validity: {
        valid: false,
        checks: report.validity.checks.map((check) => ({ ...check, verdict: 'invalid' as const })),
      },
    };
    expect(outcome(checksOf(invalid), 'load-complete')).toBe('failed');
    const found = checksOf(report).filter(({ group, outcome: is }) => group === 'finding' && is === 'warned');
    expect(found.length).toBe(report.findings.filter(({ verdict }) => verdict === 'found').length);
  });

  it('of the caller stand between validity and findings', () => {
    const threshold: Check = {
      group: 'threshold',
      name: 'p95<5ms',
      outcome: 'failed',
      message: '6 ms',
      at: null,
    };
    const groups = [...new Set(checksOf(reportOf(), [threshold]).map(({ group }) => group))];
    expect(groups).toEqual(['validity', 'threshold', 'finding']);
  });
});

const hostile = 'x</failure>&"\'\n::error::evil\u0001,:%\ud800';
const hostileCheck: Check = {
  group: 'finding',
  name: hostile,
  outcome: 'failed',
  message: hostile,
  at: { file: `src/${hostile}`, line: 3 },
};

describe('JUnit', () => {
  it('counts failures and skipped checks, and keeps hostile text inside its attribute', () => {
    const skipped: Check = { ...hostileCheck, outcome: 'not measured' };
    const xml = junitXml(reportOf(), [hostileCheck, skipped]);
    expect(xml).toContain('tests="2" failures="1" skipped="1"');
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).not.toContain('</failure>');
    expect(xml).not.toMatch(/(?!\n)\p{Cc}|\p{Cs}/u);
    expect(xml).toContain('x&lt;/failure&gt;&amp;&quot;&apos;');
  });
});

describe('annotations of GitHub Actions', () => {
  const hostileReport = reportOf({ target: { name: 'x\n::error::y\u001b[2J%0A' } });

  it('are one line each, whatever a name holds', () => {
    const text = githubAnnotations(hostileReport, [hostileCheck]);
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(text).toMatch(/^::error file=src\/x/);
    expect(text).toContain('%0A::error::evil');
    expect(text).toContain('line=3,title=finding%3A x');
    expect(text).toContain('%2C%3A%25');
    expect(text).toContain('::heavy on x%0A::error::y�[2J%250A: ');
  });

  it('are silent of what passed and of what could not be measured', () => {
    const quiet = (['passed', 'not measured'] as const).map(
      (outcome): Check => ({ ...hostileCheck, outcome }),
    );
    expect(githubAnnotations(reportOf(), quiet)).toBe('');
  });

  it('come with a summary that has every threshold, also one that holds', () => {
    const held: Check = {
      ...hostileCheck,
      group: 'threshold',
      name: 'p95<5ms',
      outcome: 'passed',
      message: '3 ms',
    };
    const passed: Check = { ...held, group: 'validity', name: 'offered-rate' };
    const text = githubSummary(reportOf(), [held, passed]);
    expect(text).toMatch(/\| ✅ passed +\| threshold: p95&lt;5ms|\| ✅ passed +\| threshold: p95\\?<5ms/);
    expect(text).not.toContain('offered-rate');
  });

  it('come with a summary in which hostile text is no markup', () => {
    const text = githubSummary(reportOf(), [hostileCheck]);
    expect(text).not.toMatch(/(?<!\\)<\/failure>/);
    expect(text.split('\n').some((line) => line.startsWith('::'))).toBe(false);
  });
});

describe('CSV', () => {
  it('has a value a row with its unit, and lines that end in CR LF', () => {
    const text = csvTable(reportOf(), syntheticEvidence().timeline);
    const rows = text.split('\r\n');
    expect(rows[0]).toBe('section,phase,at_ms,metric,value,unit');
    expect(rows).toContainEqual(expect.stringMatching(/^figure,clean,,latency\.p95Ns,\d+,ns$/));
    expect(rows).toContainEqual(expect.stringMatching(/^timeline,clean,\d+,load\.succeeded,\d+,$/));
    expect(rows).toContainEqual(expect.stringMatching(/^timeline,,\d+,process\.rssBytes,\d+,bytes$/));
    expect(rows.slice(0, -1).every((row) => row.match(/,/g)?.length === 5)).toBe(true);
  });

  it.each([
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-1+1', "'-1+1"],
    ['a,b', '"a,b"'],
    ['line\nbreak', '"line\nbreak"'],
  ])('makes no formula and no new cell of %j', (text, cell) => {
    const report = reportOf({ clean: { errorTexts: { [text]: 3 } } });
    expect(csvTable(report, [])).toContain(`errorTexts.0.text,${cell},\r\n`);
  });
});

describe('benchfmt', () => {
  it('marks a run that says nothing of the tracker, so that it is kept apart', () => {
    const report = reportOf();
    expect(benchFormat(report)).not.toContain('valid:');
    expect(benchFormat({ ...report, valid: false })).toContain('\nvalid: no\n');
  });

  it('leaves out what was not measured', () => {
    const report = reportOf();
    const text = benchFormat({ ...report, memory: { ...report.memory, rss: null } });
    expect(text).not.toContain('peak-RSS');
    expect(text).toContain('p95-ns');
  });
});

describe('OpenMetrics', () => {
  it('ends with EOF and escapes labels', () => {
    const report = reportOf({ target: { name: 'a"b\\c\nd' } });
    const text = openMetrics(report);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(text).toContain('tracker="a\\"b\\\\c\\nd"');
    expect(text).toMatch(/^tracker_lab_latency_seconds\{.*quantile="0\.95"\} 0\.\d+$/m);
  });
});
