/** report.html: the report of one run to look at, in the template's order. */
import type { HistoryTrend, LatencyCurve } from '../../page-data.ts';
import type { Evidence } from '../evidence.ts';
import type { Report } from '../report/report-schema.ts';
import { analysisSection } from '../report/sections/analysis.ts';
import { clinicSection } from '../report/sections/clinic.ts';
import { comparisonSection } from '../report/sections/comparison.ts';
import { configurationSection, environmentSection } from '../report/sections/environment.ts';
import { historySection, quickReferenceSection } from '../report/sections/history-and-reference.ts';
import { latencyStatistics, memoryUsage } from '../report/sections/latency-and-memory.ts';
import { loadAgentsSection } from '../report/sections/load-agents.ts';
import { membersSection } from '../report/sections/members.ts';
import { profilingSection } from '../report/sections/profiling.ts';
import { requestBreakdown, requestStatistics } from '../report/sections/requests.ts';
import { validitySection } from '../report/sections/validity.ts';
import { latencyFigure, scalingFigure, timelineFigures } from './chart-figures.ts';
import { firstScreen } from './first-screen.ts';
import { flameGraphs } from './flame-data.ts';
import { flameSection } from './flame-section.ts';
import { type Html, html } from './html.ts';
import { markdownToHtml } from './markdown-html.ts';
import { milliseconds } from './milliseconds.ts';
import { renderPage } from './page-shell.ts';
import { scalingOf } from './scaling-curve.ts';
import { timelineOf } from './timeline-charts.ts';

/**
 * The whole page of a run.
 *
 * @throws LabError `NOT_BUILT` where the package's page files are missing
 */
export function renderReportPage(
  report: Report,
  evidence: Evidence,
  latency: readonly LatencyCurve[],
): string {
  const timeline = timelineOf(evidence, report.whenSlow);
  const flames = flameGraphs(evidence);
  const scaling = scalingOf(report.comparison);
  const history = historyOf(report);
  const content = html`${firstScreen(report)}
<div class="pair">${section(environmentSection(report))}${section(configurationSection(report))}</div>
<section id="results"><h2>Results Summary</h2>
${markdownToHtml(validitySection(report))}
${report.agents !== null && markdownToHtml(loadAgentsSection(report.agents))}
<h3 id="charts">Over time</h3>
${timelineFigures(report, timeline)}
<div class="columns">
<div>${markdownToHtml(requestStatistics(report))}</div>
<div>${markdownToHtml(requestBreakdown(report))}
${markdownToHtml(latencyStatistics(report))}
${latencyFigure(latency)}
${markdownToHtml(memoryUsage(report))}</div>
</div>
</section>
${report.members.length > 0 && section(membersSection(report))}
${section(analysisSection(report))}
<section>${markdownToHtml(comparisonSection(report))}
${scaling !== null && scalingFigure(scaling, report.comparison)}
</section>
<section id="flame"><h2>Flame graphs</h2>
${flames.length === 0 ? html`<p>No profile was captured.</p>` : flameSection(flames)}
</section>
${section(profilingSection(report), 'profiles')}
${report.clinic !== null && section(clinicSection(report.clinic, report))}
<section>${markdownToHtml(historySection(report))}
${history !== null && html`<figure class="chart wide"><figcaption><strong>Trend</strong> <span>Requests per second and P95 of the runs above, oldest first.${history.points.some(({ changed }) => changed) && ' A line marks the run with which a figure changed its level.'}</span></figcaption><div class="plot" data-chart="history"></div></figure>`}
</section>
${section(quickReferenceSection(report))}`;
  return renderPage({
    title: `${report.scenario.name} on ${report.target.name}, ${report.runId}`,
    navigation: [
      { id: 'verdict', label: 'Verdict' },
      { id: 'charts', label: 'Over time' },
      { id: 'latency-statistics', label: 'Latency' },
      { id: 'performance-analysis', label: 'Analysis' },
      { id: 'comparative-results', label: 'Scaling' },
      { id: 'flame', label: 'Flame graphs' },
      { id: 'profiling-results', label: 'Profiles' },
      { id: 'historical-results', label: 'History' },
      { id: 'quick-reference', label: 'Reference' },
    ],
    content,
    data: { timeline, latency, scaling, history, flames },
  });
}

function section(markdown: string, name = ''): Html {
  return html`<section${name !== '' && html` class="${name}"`}>${markdownToHtml(markdown)}</section>`;
}

/** Null where this run is the first. */
function historyOf({ history }: Report): HistoryTrend | null {
  if (history.rows.length < 2) return null;
  const changed = new Set(history.changedRuns ?? []);
  return {
    points: history.rows.map((row) => ({
      label: `${row.startedAt.slice(0, 16).replace('T', ' ')}${row.trackerVersion === null ? '' : `, ${row.trackerVersion}`}`,
      changed: changed.has(row.runId),
      requestsPerSecond: row.requestsPerSecond,
      p95Ms: milliseconds(row.p95Ns),
    })),
  };
}
