/** Puts the charts of a page into their places and keeps them fitting. */
import uPlot from 'uplot';
import type { PageData } from '../page-data.ts';
import { percentileChart } from './percentile-chart.ts';
import { historyChart, scalingChart } from './point-chart.ts';
import { onThemeChange } from './theme.ts';
import { timelineChart } from './timeline-chart.ts';

type Chart = ReturnType<typeof timelineChart>;

const HEIGHT = 170;
const TALL = 280;

/** Draws every chart that the page has a place for. */
export function startCharts(content: HTMLElement, data: PageData): void {
  for (const place of content.querySelectorAll<HTMLElement>('.plot[data-chart]')) {
    startChart(place, () => chartOf(place.dataset['chart'] ?? '', data));
  }
}

function chartOf(id: string, { timeline, latency, scaling, history }: PageData): Chart | null {
  if (id === 'percentiles') return latency.length === 0 ? null : percentileChart(latency);
  if (id === 'scaling') return scaling === null ? null : scalingChart(scaling);
  if (id === 'history') return history === null ? null : historyChart(history);
  const chart = timeline?.charts.find((one) => one.id === id);
  return chart === undefined || timeline === null ? null : timelineChart(chart, timeline);
}

function startChart(place: HTMLElement, make: () => Chart | null): void {
  const height = place.classList.contains('tall') ? TALL : HEIGHT;
  let plot: uPlot | null = null;
  const draw = (): void => {
    const chart = make();
    if (chart === null) return;
    plot?.destroy();
    plot = new uPlot({ ...chart.options, width: widthOf(place), height }, chart.data, place);
  };
  draw();
  onThemeChange(draw);
  new ResizeObserver(() => {
    const width = widthOf(place);
    if (plot !== null && width !== plot.width) plot.setSize({ width, height });
  }).observe(place);
}

function widthOf(place: HTMLElement): number {
  return Math.max(200, Math.floor(place.clientWidth));
}
