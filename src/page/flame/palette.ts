/** Colours of frames, by class and of a difference. Text on them has a contrast of 4.5 or more in both themes. */
import type { FlameClass } from '../../page-data.ts';
import type { Theme } from '../theme.ts';

/** What a class is called and what it holds, for the legend. */
export const classWords: Readonly<Record<FlameClass, readonly [name: string, holds: string]>> = {
  application: ['application', "the tracker's own code"],
  library: ['library', 'dependencies and native addons'],
  runtime: ['runtime', 'V8, Node.js, Go runtime and built-ins'],
  gc: ['gc', 'garbage collection'],
  allocation: ['allocation', 'making room for new objects'],
  lock: ['lock', 'taking and waiting for locks'],
  network: ['network', "the runtime's network code"],
  syscall: ['syscall', 'calls into the kernel'],
  kernel: ['kernel', 'code of the kernel'],
  idle: ['idle', 'waiting for work'],
  pruned: ['pruned', 'small frames left out of this page'],
};

/** Hue and saturation; the theme gives the lightness. */
const tones: Readonly<Record<FlameClass, readonly [hue: number, saturation: number]>> = {
  application: [26, 85],
  library: [205, 60],
  runtime: [150, 34],
  gc: [50, 80],
  allocation: [335, 60],
  lock: [2, 68],
  network: [180, 42],
  syscall: [262, 48],
  kernel: [292, 34],
  idle: [220, 6],
  pruned: [220, 4],
};

const lightness: Readonly<Record<Theme, number>> = { light: 74, dark: 31 };

/** @param shade - 0 to 4, to tell neighbours of one class apart */
export function classColour(frameClass: FlameClass, theme: Theme, shade = 2): string {
  const [hue, saturation] = tones[frameClass];
  const quiet = theme === 'dark' ? saturation * 0.72 : saturation;
  return `hsl(${hue} ${quiet}% ${lightness[theme] + (shade - 2) * 2}%)`;
}

/** @param change - of the whole, below 0 where it shrank; a tenth of the whole and more has the full colour */
export function changeColour(change: number, theme: Theme): string {
  const strength = Math.min(1, Math.sqrt(Math.abs(change) / 0.1));
  const hue = change > 0 ? 8 : 214;
  if (theme === 'dark') return `hsl(${hue} ${10 + 55 * strength}% ${22 + 16 * strength}%)`;
  return `hsl(${hue} ${8 + 72 * strength}% ${90 - 22 * strength}%)`;
}

/** Colours of everything else on the canvas. */
export const inks: Readonly<
  Record<
    Theme,
    { readonly text: string; readonly paper: string; readonly match: string; readonly selected: string }
  >
> = {
  light: { text: '#1a1d21', paper: '#ffffff', match: '#c2185b', selected: '#0b57d0' },
  dark: { text: '#f1f3f4', paper: '#15181c', match: '#ff80ab', selected: '#8ab4f8' },
};
