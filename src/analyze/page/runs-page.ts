/** The list of the runs and comparisons of a results folder. */
import { emptyPageData } from '../../page-data.ts';
import type { Comparison } from '../compare/comparison-schema.ts';
import { verdictLine } from '../compare/verdict-line.ts';
import { formatCount, formatLatency, formatRate, formatShare } from '../report/format.ts';
import type { HistoryRow } from '../report/report-schema.ts';
import { type Html, html } from './html.ts';
import { renderPage } from './page-shell.ts';

interface ListedRun {
  /** Name of the run's folder. */
  readonly runId: string;
  readonly hasPage: boolean;
  /** Its line of the history; null where it has none. */
  readonly row: HistoryRow | null;
}

interface ListedComparison {
  /** Name of its folder. */
  readonly name: string;
  readonly hasPage: boolean;
  /** Null where its comparison.json cannot be read. */
  readonly comparison: Comparison | null;
  /** The pages of the runs that were measured for it; none where stored runs were compared. */
  readonly runPages: readonly { readonly side: 'a' | 'b'; readonly runId: string }[];
}

/** What is listed, each in the order in which it is shown. */
export interface ListedResults {
  readonly runs: readonly ListedRun[];
  readonly comparisons: readonly ListedComparison[];
}

export function renderRunsPage(folder: string, { runs, comparisons }: ListedResults): string {
  const hasComparisons = comparisons.length > 0;
  return renderPage({
    title: 'Runs',
    navigation: [
      { id: 'runs', label: 'Runs' },
      ...(hasComparisons ? [{ id: 'comparisons', label: 'Comparisons' }] : []),
    ],
    content: html`<h1>Results</h1>
<p class="note">In ${folder}, the newest first.</p>
<section id="runs"><h2>Runs</h2>
${
  runs.length === 0
    ? html`<p>There is none yet: <code>tracker-lab --scenario light</code> makes one.</p>`
    : table(
        'Runs',
        ['Run', 'Scenario', 'Tracker', 'Workers', 'RPS', 'P95', 'Error rate', 'Notes'],
        [3, 7],
        runs.map(runRow),
      )
}</section>
${
  hasComparisons &&
  html`<section id="comparisons"><h2>Comparisons</h2>
${table('Comparisons', ['Comparison', 'Of', 'Verdict', 'Scenario', 'Runs a', 'Runs b', 'Pages'], [4, 6], comparisons.map(comparisonRow))}</section>`
}`,
    data: emptyPageData,
  });
}

/** @param numbers - first column of figures, and the one behind the last */
function table(
  label: string,
  head: readonly string[],
  [from, to]: readonly [number, number],
  rows: readonly Html[],
): Html {
  const cells = head.map(
    (name, column) =>
      html`<th scope="col" class="${column >= from && column < to ? 'number' : 'text'}">${name}</th>`,
  );
  return html`<div class="table" tabindex="0" role="group" aria-label="${label}"><table><thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function runRow({ runId, hasPage, row }: ListedRun): Html {
  const shown = <T>(value: T | null | undefined, format: (value: T) => string): string =>
    value === null || value === undefined ? '-' : format(value);
  const doubt = row === null ? 'not in history.jsonl' : !row.valid ? 'invalid' : row.partial ? 'partial' : '';
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
}

function comparisonRow({ name, hasPage, comparison, runPages }: ListedComparison): Html {
  const valid = (side: 'a' | 'b'): string => {
    const all = comparison?.sides[side].runs;
    if (all === undefined) return '-';
    const counted = all.filter(({ excluded }) => excluded === null).length;
    return counted === all.length ? formatCount(counted) : `${counted} of ${all.length}`;
  };
  const pages = runPages.map(
    ({ side, runId }) => html`<li>${side}: <a href="/${name}/${side}/${runId}/report.html">${runId}</a></li>`,
  );
  return html`<tr>
<td class="text">${hasPage ? html`<a href="/${name}/comparison.html">${name}</a>` : name}</td>
<td class="text">${comparison === null ? '-' : `${comparison.sides.b.label} against ${comparison.sides.a.label}`}</td>
<td class="text">${comparison === null ? 'comparison.json cannot be read' : verdictLine(comparison)}</td>
<td class="text">${comparison?.scenario ?? '-'}</td>
<td class="number">${valid('a')}</td>
<td class="number">${valid('b')}</td>
<td class="text">${pages.length === 0 ? '-' : html`<details><summary>${pages.length} runs</summary><ul>${pages}</ul></details>`}</td>
</tr>`;
}
