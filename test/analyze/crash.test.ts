import { describe, expect, it } from 'vitest';
import { crashOf } from '../../src/analyze/crash.ts';
import { buildReport } from '../../src/analyze/report/build-report.ts';
import { scenarioFigures } from '../../src/analyze/report/comparison.ts';
import { renderMarkdown } from '../../src/analyze/report/markdown.ts';
import type { TargetExit } from '../../src/run.ts';
import { syntheticEvidence, syntheticRun } from './synthetic-run.ts';

const killed: TargetExit = {
  expected: false,
  exitCode: null,
  signal: 'SIGKILL',
  cause: null,
  lastStderr: '',
};

function reportOf(targetExit: TargetExit) {
  const evidence = syntheticEvidence({ run: { targetExit, trackerCounters: null } });
  return buildReport(evidence, {
    history: { rows: [], brokenLines: 0 },
    runs: [scenarioFigures(evidence)],
  });
}

describe('a tracker that ended by itself', () => {
  it.each([
    [killed, 'signal SIGKILL'],
    [{ ...killed, signal: null, exitCode: 3 }, 'exit code 3'],
    [{ ...killed, cause: 'out of memory' }, 'out of memory'],
  ])('is told with how it ended', (targetExit, how) => {
    expect(crashOf(syntheticRun({ run: { targetExit } }))).toContain(how);
  });

  it('is nothing where the lab stopped it', () => {
    expect(crashOf(syntheticRun({ run: { targetExit: { ...killed, expected: true } } }))).toBeNull();
  });

  it('is critical, fit for no deployment, and the first reason to worry, whatever its figures were', () => {
    const report = reportOf(killed);
    expect(report.statuses.overall).toMatchObject({ tier: 'Critical' });
    expect(new Set(report.quickReference.deployments.map(({ answer }) => answer))).toEqual(new Set(['no']));
    expect(report.quickReference.worry[0]).toMatchObject({ name: 'crash', answer: 'yes' });
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('the tracker ended before it could tell');
    expect(markdown).not.toContain('Nothing here is a reason to worry');
  });
});
