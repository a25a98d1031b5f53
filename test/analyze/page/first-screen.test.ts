import { expect, it } from 'vitest';
import { firstScreen } from '../../../src/analyze/page/first-screen.ts';
import { buildReport } from '../../../src/analyze/report/build-report.ts';
import { scenarioFigures } from '../../../src/analyze/report/comparison.ts';
import { healthyCpu } from '../drawn-profiles.ts';
import { syntheticEvidence } from '../synthetic-run.ts';

it('each latency on the first screen has its status, or why it has none', () => {
  const evidence = syntheticEvidence({ profiles: { cpu: healthyCpu } });
  const report = buildReport(evidence, {
    history: { rows: [], brokenLines: 0 },
    runs: [scenarioFigures(evidence)],
  });
  const { markup } = firstScreen(report);
  for (const [name, status] of [
    ['P50', report.statuses.latency.p50],
    ['P95', report.statuses.latency.p95],
    ['P99', report.statuses.latency.p99],
    ['Max', report.statuses.latency.max],
  ] as const) {
    const tile = markup.slice(markup.indexOf(`<dt>Latency ${name}`)).split('</dd>')[0];
    expect(tile).toContain(status.tier ?? status.reason);
  }
});
