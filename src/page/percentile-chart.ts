import uPlot from 'uplot';
import type { LatencyCurve } from '../page-data.ts';
import { seriesColour } from './chart-inks.ts';
import { axis, powersOfTen, withUnit } from './chart-parts.ts';
import { percentileText } from './format-value.ts';
import { currentTheme } from './theme.ts';

/** Latency by percentile, logarithmic in both. */
export function percentileChart(curves: readonly LatencyCurve[]): {
  options: Omit<uPlot.Options, 'width' | 'height'>;
  data: uPlot.AlignedData;
} {
  const theme = currentTheme();
  let full = 0;
  let faint = 0;
  const series = curves.map(
    ({ label, faint: isFaint }): uPlot.Series => ({
      label,
      stroke: seriesColour(theme, isFaint ? faint++ : full++, isFaint),
      width: isFaint ? 1 : 1.6,
      ...(isFaint ? { dash: [4, 3] } : {}),
      spanGaps: true,
      points: { show: false },
      value: (_plot, value: number | null) => withUnit(value, 'ms'),
    }),
  );
  const tables = curves.map(
    ({ points }): uPlot.AlignedData => [points.map(([x]) => x), points.map(([, y]) => y)],
  );
  return {
    options: {
      scales: { x: { time: false, distr: 3, log: 10, auto: true }, y: { distr: 3, log: 10 } },
      // Room for the longest label, which stands below the right end.
      padding: [null, 34, null, null],
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      axes: [
        axis({
          size: 42,
          label: 'percentile of the replies',
          splits: (plot) => powersUpTo(plot.scales['x']?.max ?? 10),
          filter: (_plot, splits) => splits,
          values: (_plot, splits) => splits.map(percentileText),
        }),
        axis({ size: 58, label: 'ms', values: (_plot, splits) => powersOfTen(splits, 'ms') }),
      ],
      series: [
        {
          label: 'Percentile',
          value: (_plot, value: number | null) => (value === null ? '–' : percentileText(value)),
        },
        ...series,
      ],
    },
    data: tables.length === 1 ? (tables[0] as uPlot.AlignedData) : uPlot.join(tables),
  };
}

function powersUpTo(most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power <= most * 1.001; power *= 10) powers.push(power);
  return powers;
}
