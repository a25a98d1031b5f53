/** The places of a page's charts, each with its figures in words for who cannot see it. */
import type { LatencyCurve, Scaling, Timeline, TimelineChart } from '../../page-data.ts';
import { greatest } from '../extremes.ts';
import { formatCount, formatLatency, formatMegabytes, significant } from '../report/format.ts';
import type { Report } from '../report/report-schema.ts';
import { median } from '../series.ts';
import { SLOW_FACTOR } from '../thresholds.ts';
import { type Html, html } from './html.ts';

/** The charts over time, in their order. */
const timelineTitles: readonly { readonly id: string; readonly title: string }[] = [
  { id: 'rps', title: 'Requests per second' },
  { id: 'latency', title: 'Latency percentiles' },
  { id: 'losses', title: 'Errors and losses by cause' },
  { id: 'cpu', title: 'Tracker CPU, percent of one core' },
  { id: 'memory', title: 'Tracker memory by kind' },
  { id: 'gc', title: 'Garbage collection by kind' },
  { id: 'loop', title: 'Event-loop delay' },
];

/** All charts over time; one that has no data says why. */
export function timelineFigures(report: Report, timeline: Timeline | null): Html {
  const figures = timelineTitles.map(({ id, title }) => {
    const chart = timeline?.charts.find((one) => one.id === id) ?? null;
    if (chart === null || timeline === null) {
      return html`<figure class="chart empty"><figcaption><strong>${title}</strong> <span>not measured: ${reasonOf(report, id)}</span></figcaption></figure>`;
    }
    return html`<figure class="chart"><figcaption><strong>${title}</strong> <span>${inWords(chart, timeline)}</span></figcaption><div class="plot" data-chart="${id}"></div></figure>`;
  });
  const marked = timeline?.stalls.length ?? 0;
  const stalls = timeline?.stallCount ?? 0;
  const marks =
    stalls === 0
      ? 'The event loop never stood still for 50 ms or longer.'
      : stalls > marked
        ? `At ${formatCount(stalls)} moments the event loop had stood still for 50 ms or longer; the ${formatCount(marked)} longest are marked.`
        : `${stalls} ${stalls === 1 ? 'moment is' : 'moments are'} marked at which the event loop had stood still for 50 ms or longer.`;
  const slow = timeline?.slowSpans.length ?? 0;
  const slowMarks =
    slow === 0
      ? null
      : html` ${slow} ${slow === 1 ? 'span' : 'spans'} of the profiled phase ${slow === 1 ? 'has' : 'have'} a foot on the axis: P99 was ${SLOW_FACTOR} times its median or more there (<a href="#what-is-different-when-it-is-slow">what is different when it is slow</a>).`;
  const hasLoop = timeline?.charts.some((chart) => chart.id === 'loop') === true;
  return html`<p>Bands are the phases: warm-up, clean (the headline figures), profiled (under the profilers).${hasLoop && ` ${marks}`}${slowMarks}</p>
<div class="charts">${figures}</div>`;
}

function reasonOf(report: Report, id: string): string {
  const figure = ['gc', 'loop'].includes(id)
    ? 'memory.runtime'
    : ['cpu', 'memory'].includes(id)
      ? 'memory.rss'
      : 'phases.clean';
  return report.notMeasured.find((one) => one.figure === figure)?.reason ?? 'no sample was taken';
}

/** Median and range of each series over the clean phase. */
function inWords(chart: TimelineChart, { phases }: Timeline): string {
  const clean = phases.find(({ name }) => name === 'clean');
  const told = chart.series.flatMap(({ label, values, faint }) => {
    if (faint === true) return [];
    const within = values.filter((value, index): value is number => {
      const atS = chart.x[index] as number;
      return value !== null && clean !== undefined && atS > clean.startS && atS <= clean.endS + 0.5;
    });
    const middle = median(within);
    if (middle === null) return [];
    const most = greatest(within);
    if (most === 0) return [];
    return [`${label} ${withUnit(middle, chart)}, at most ${withUnit(most, chart)}`];
  });
  return told.length === 0 ? 'None in the clean phase.' : `Median of the clean phase: ${told.join('; ')}.`;
}

function withUnit(value: number, { unit }: TimelineChart): string {
  if (unit === 'bytes') return formatMegabytes(value);
  if (unit === 'ms') return formatLatency(value * 1e6);
  return `${significant(value)} ${unit}`;
}

/** The chart of latency by percentile; nothing where no reply was timed. */
export function latencyFigure(curves: readonly LatencyCurve[]): Html {
  const all = curves[0];
  if (all === undefined) return html`<p>Latency by percentile: not measured: nothing was answered.</p>`;
  const last = all.points.at(-1)?.[1] ?? 0;
  return html`<figure class="chart wide"><figcaption><strong>Latency by percentile</strong> <span>Logarithmic in both: each step to the right is ten times rarer. The slowest reply took ${formatLatency(last * 1e6)}.</span></figcaption><div class="plot tall" data-chart="percentiles"></div></figure>`;
}

/** The chart of a suite's runs by their workers; how well the fitted curve fits stands beside it, or why there is none. */
export function scalingFigure({ fit }: Scaling, { law }: Report['comparison']): Html {
  const told =
    fit === null || law === null || law.fit === null
      ? `No curve is fitted: ${law?.reason ?? 'the report is of an older version'}.`
      : `Dashed: the Universal Scalability Law, fitted to ${law.usedWorkers.length} runs; it explains ${(law.fit.rSquared * 100).toFixed(1)} % of the variance, and the run farthest from it is ${(Math.max(...law.fit.residuals.map(Math.abs)) * 100).toFixed(1)} % off.`;
  return html`<figure class="chart wide"><figcaption><strong>Scaling</strong> <span>Requests per second and P95 by the number of workers. ${told}</span></figcaption><div class="plot tall" data-chart="scaling"></div></figure>`;
}
