import uPlot from 'uplot';
import type { Timeline, TimelineChart } from '../page-data.ts';
import { chartInks, seriesColour } from './chart-inks.ts';
import { axis, fromZero, powersOfTen, splitText, withUnit } from './chart-parts.ts';
import { currentTheme, type Theme } from './theme.ts';

/** A chart over the run's time: phases shaded, stalls and slow spans marked. All of them share one cursor. */
export function timelineChart(
  chart: TimelineChart,
  timeline: Timeline,
): { options: Omit<uPlot.Options, 'width' | 'height'>; data: uPlot.AlignedData } {
  const theme = currentTheme();
  const { unit, logarithmic } = chart;
  let full = 0;
  let faint = 0;
  const series = chart.series.map(
    ({ label, faint: isFaint = false }): uPlot.Series => ({
      label,
      stroke: seriesColour(theme, isFaint ? faint++ : full++, isFaint),
      width: isFaint ? 1 : 1.6,
      ...(isFaint ? { dash: [4, 3] } : {}),
      points: { show: false },
      value: (_plot, value: number | null) => withUnit(value, unit),
    }),
  );
  // A logarithmic axis has no place for 0.
  const values = chart.series.map((one) =>
    logarithmic ? one.values.map((value) => (value === 0 ? null : value)) : [...one.values],
  );
  return {
    options: {
      scales: {
        x: { time: false, range: () => [0, timeline.endS] },
        y: logarithmic ? { distr: 3, log: 10 } : { range: fromZero },
      },
      cursor: {
        sync: { key: 'time', scales: ['x', null] },
        drag: { x: false, y: false },
        points: { size: 6 },
      },
      legend: { live: true },
      axes: [
        axis({ values: (_plot, splits) => splits.map((split) => `${split} s`), space: 60, size: 28 }),
        axis({
          size: 58,
          label: unit === 'bytes' ? 'MiB of 1024 KiB' : unit,
          values: (_plot, splits) =>
            logarithmic ? powersOfTen(splits, unit) : splits.map((split) => splitText(split, unit)),
        }),
      ],
      series: [{ label: 'Time', value: (_plot, value: number | null) => withUnit(value, 's') }, ...series],
      hooks: {
        drawClear: [
          (plot) => {
            drawPhases(plot, timeline, theme);
            drawSlowSpans(plot, timeline, theme);
          },
        ],
        draw: [(plot) => drawStalls(plot, timeline, theme)],
      },
    },
    data: [[...chart.x], ...values],
  };
}

function drawPhases(plot: uPlot, { phases }: Timeline, theme: Theme): void {
  const { ctx, bbox } = plot;
  const inks = chartInks[theme];
  ctx.save();
  for (const { name, startS, endS } of phases) {
    const left = plot.valToPos(startS, 'x', true);
    const right = plot.valToPos(endS, 'x', true);
    if (name !== 'clean') {
      ctx.fillStyle = name === 'warm-up' ? inks.warmUp : inks.profiled;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.fillStyle = inks.text;
    ctx.font = `${10 * uPlot.pxRatio}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    ctx.textAlign = 'left';
    if (ctx.measureText(name).width + 6 * uPlot.pxRatio < right - left) {
      ctx.fillText(name, left + 4 * uPlot.pxRatio, bbox.top + 3 * uPlot.pxRatio);
    }
  }
  ctx.restore();
}

/** A band for each, and a foot on the axis: of 50 ms in a minute a band alone would be a hair. */
function drawSlowSpans(plot: uPlot, { slowSpans }: Timeline, theme: Theme): void {
  const { ctx, bbox } = plot;
  const inks = chartInks[theme];
  const least = uPlot.pxRatio;
  const foot = 4 * uPlot.pxRatio;
  ctx.save();
  for (const { startS, endS } of slowSpans) {
    const left = plot.valToPos(startS, 'x', true);
    const width = Math.max(least, plot.valToPos(endS, 'x', true) - left);
    ctx.fillStyle = inks.slowBand;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = inks.slow;
    ctx.fillRect(left, bbox.top + bbox.height - foot, width, foot);
  }
  ctx.restore();
}

function drawStalls(plot: uPlot, { stalls }: Timeline, theme: Theme): void {
  const { ctx, bbox } = plot;
  const tip = 4 * uPlot.pxRatio;
  ctx.save();
  ctx.strokeStyle = chartInks[theme].stall;
  ctx.fillStyle = chartInks[theme].stall;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([2 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  for (const { atS } of stalls) {
    const x = plot.valToPos(atS, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - tip, bbox.top);
    ctx.lineTo(x + tip, bbox.top);
    ctx.lineTo(x, bbox.top + tip * 1.6);
    ctx.fill();
  }
  ctx.restore();
}
