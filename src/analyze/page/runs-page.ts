/** The list of the runs of a results folder. */
import { emptyPageData } from '../../page-data.ts';
import { formatCount, formatLatency, formatRate, formatShare } from '../report/format.ts';
import type { HistoryRow } from '../report/report-schema.ts';
import { html } from './html.ts';
import { renderPage } from './page-shell.ts';

export interface ListedRun {
  /** Name of the run's folder. */
  readonly runId: string;
  readonly hasPage: boolean;
  /** Its line of the history; null where it has none. */
  readonly row: HistoryRow | null;
}

/** @param runs - in the order in which they are shown */
export function renderRunsPage(folder: string, runs: readonly ListedRun[]): string {
  const shown = <T>(value: T | null | undefined, format: (value: T) => string): string =>
    value === null || value === undefined ? '-' : format(value);
  const rows = runs.map(({ runId, hasPage, row }) => {
    const doubt =
      row === null ? 'not in history.jsonl' : !row.valid ? 'invalid' : row.partial ? 'partial' : '';
    return html`<tr>
<td class="text">${hasPage ? html`<a href="/${runId}/report.html">${runId}</a>` : html`${runId} (no page: analyze it)`}</td>
<td class="text">${row?.scenario ?? '-'}</td>
<td class="text">${row === null ? '-' : `${row.trackerName} ${row.trackerVersion ?? ''}`}</td>
<td class="number">${shown(row?.concurrency, formatCount)}</td>
<td class="number">${shown(row?.requestsPerSecond, (value) => `${formatRate(value)} req/s`)}</td>
<td class="number">${shown(row?.p95Ns, formatLatency)}</td>
<td class="number">${shown(row?.errorShare, formatShare)}</td>
<td class="text">${doubt}</td>
</tr>`;
  });
  const head = ['Run', 'Scenario', 'Tracker'].map(
    (label) => html`<th scope="col" class="text">${label}</th>`,
  );
  const figures = ['Workers', 'RPS', 'P95', 'Error rate'].map(
    (label) => html`<th scope="col" class="number">${label}</th>`,
  );
  return renderPage({
    title: 'Runs',
    navigation: [{ id: 'content', label: 'Runs' }],
    content: html`<h1>Runs</h1>
<p class="note">${runs.length} in ${folder}, the newest first.</p>
${
  runs.length === 0
    ? html`<p>There is none yet: <code>tracker-lab --scenario light</code> makes one.</p>`
    : html`<div class="table" tabindex="0" role="group" aria-label="Runs"><table><thead><tr>${head}${figures}<th scope="col" class="text">Notes</th></tr></thead><tbody>${rows}</tbody></table></div>`
}`,
    data: emptyPageData,
  });
}
