import uPlot from 'uplot';
import type { HistoryTrend, Scaling } from '../page-data.ts';
import { chartInks, seriesColour } from './chart-inks.ts';
import { axis, fromZero, powersOfTen, splitText, withUnit } from './chart-parts.ts';
import { currentTheme } from './theme.ts';

interface Chart {
  readonly options: Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: uPlot.AlignedData;
}

/** Requests per second and P95 by the number of workers, with the fitted curve where there is one. */
export function scalingChart({ points, fit }: Scaling): Chart {
  const theme = currentTheme();
  const sorted = [...points].sort((a, b) => a.concurrency - b.concurrency);
  const x = sorted.map(({ concurrency }) => concurrency);
  const measured: uPlot.AlignedData = [
    x,
    sorted.map((one) => one.requestsPerSecond),
    sorted.map((one) => one.p95Ms),
  ];
  const curve: uPlot.AlignedData | null =
    fit === null ? null : [fit.points.map(([at]) => at), fit.points.map(([, rate]) => rate)];
  const fitted: uPlot.Series[] =
    fit === null
      ? []
      : [
          {
            label: fit.label,
            scale: 'rate',
            stroke: seriesColour(theme, 0, true),
            width: 1.4,
            dash: [4, 3],
            spanGaps: true,
            points: { show: false },
            value: rate,
          },
        ];
  return {
    options: {
      ...twoScales({ distr: 3, log: 10, time: false }, (value) => `${splitText(value, '')}`, 'workers'),
      series: [
        { label: 'Workers', value: (_plot, value: number | null) => splitText(value, '') },
        ...pairOfSeries(),
        ...fitted,
      ],
    },
    data: curve === null ? measured : uPlot.join([measured, curve]),
  };
}

/** Requests per second and P95 of the runs, oldest first. */
export function historyChart({ points }: HistoryTrend): Chart {
  const label = (index: number | null): string => (index === null ? '–' : (points[index]?.label ?? ''));
  return {
    options: {
      ...twoScales(
        { time: false, range: () => [-0.5, points.length - 0.5] },
        (value) => (Number.isInteger(value) ? label(value).slice(5, 16) : ''),
        'run',
      ),
      series: [{ label: 'Run', value: (_plot, value: number | null) => label(value) }, ...pairOfSeries()],
      hooks: { drawClear: [(plot) => drawChanges(plot, points)] },
    },
    data: [
      points.map((_, index) => index),
      points.map((one) => one.requestsPerSecond),
      points.map((one) => one.p95Ms),
    ],
  };
}

/** A line between the last run of one level and the first of the next. */
function drawChanges(plot: uPlot, points: HistoryTrend['points']): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = chartInks[currentTheme()].stall;
  ctx.lineWidth = 2 * uPlot.pxRatio;
  ctx.setLineDash([4 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  for (const [index, { changed }] of points.entries()) {
    if (!changed) continue;
    const x = plot.valToPos(index - 0.5, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function rate(_plot: uPlot, value: number | null): string {
  return withUnit(value, 'req/s');
}

function pairOfSeries(): uPlot.Series[] {
  const theme = currentTheme();
  const dots = (index: number): uPlot.Series['points'] => ({
    show: true,
    size: 8,
    fill: seriesColour(theme, index, false),
    stroke: seriesColour(theme, index, false),
  });
  return [
    {
      label: 'Requests per second',
      scale: 'rate',
      stroke: seriesColour(theme, 0, false),
      width: 1.6,
      spanGaps: true,
      points: dots(0) as uPlot.Series.Points,
      value: rate,
    },
    {
      label: 'P95',
      scale: 'ms',
      stroke: seriesColour(theme, 1, false),
      width: 1.6,
      dash: [6, 3],
      spanGaps: true,
      points: dots(1) as uPlot.Series.Points,
      value: (_plot, value: number | null) => withUnit(value, 'ms'),
    },
  ];
}

function twoScales(
  x: uPlot.Scale,
  xText: (value: number) => string,
  xLabel: string,
): Pick<uPlot.Options, 'scales' | 'axes' | 'cursor'> {
  return {
    scales: { x, rate: { range: fromZero }, ms: { distr: 3, log: 10 } },
    cursor: { drag: { x: false, y: false }, points: { size: 8 } },
    axes: [
      axis({ size: 42, label: xLabel, space: 70, values: (_plot, splits) => splits.map(xText) }),
      axis({
        scale: 'rate',
        size: 58,
        label: 'req/s',
        values: (_plot, splits) => splits.map((split) => splitText(split, '')),
      }),
      axis({
        scale: 'ms',
        side: 1,
        size: 52,
        label: 'P95, ms',
        grid: { show: false },
        values: (_plot, splits) => powersOfTen(splits, 'ms'),
      }),
    ],
  };
}
