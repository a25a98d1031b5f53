/** Colours of charts: told apart in both themes and by people who see few colours (after Okabe and Ito). */
import type { Theme } from './theme.ts';

const series: Readonly<Record<Theme, readonly string[]>> = {
  light: ['#0b62a4', '#c4520b', '#12805c', '#a3386f', '#7a6a00'],
  dark: ['#6db3f2', '#f2a05c', '#57c9a0', '#e58fbf', '#d9c64a'],
};
const faint: Readonly<Record<Theme, readonly string[]>> = {
  light: ['#8a929b', '#b59a7a'],
  dark: ['#7d868f', '#9a8468'],
};

/** The colour of a series by its place among the full ones, or among the faint ones. */
export function seriesColour(theme: Theme, index: number, isFaint: boolean): string {
  const colours = (isFaint ? faint : series)[theme];
  return colours[index % colours.length] as string;
}

/** Everything of a chart that is no series. */
export const chartInks: Readonly<
  Record<
    Theme,
    {
      readonly text: string;
      readonly grid: string;
      readonly warmUp: string;
      readonly profiled: string;
      readonly stall: string;
      readonly slow: string;
      readonly slowBand: string;
    }
  >
> = {
  light: {
    text: '#4a525b',
    grid: '#e6e9ec',
    warmUp: 'rgba(90,100,110,.10)',
    profiled: 'rgba(11,98,164,.09)',
    stall: '#c5221f',
    slow: '#b06000',
    slowBand: 'rgba(224,142,0,.22)',
  },
  dark: {
    text: '#aeb6bf',
    grid: '#2b3138',
    warmUp: 'rgba(160,170,180,.12)',
    profiled: 'rgba(109,179,242,.13)',
    stall: '#f28b82',
    slow: '#fbbc5c',
    slowBand: 'rgba(251,188,92,.24)',
  },
};
