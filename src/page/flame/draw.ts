/** Paints a laid-out graph. */
import { type FlameClass, type FlameData, flameClasses } from '../../page-data.ts';
import type { Theme } from '../theme.ts';
import type { Box, Layout } from './layout.ts';
import { changeColour, classColour, inks } from './palette.ts';

/** Height of a frame in pixels. */
export const ROW_HEIGHT = 19;
const FONT = '11px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
const PADDING = 4;
/** A frame with less room than this has no text. */
const LEAST_TEXT_WIDTH = 28;

export interface Painting {
  readonly data: FlameData;
  readonly layout: Layout;
  readonly theme: Theme;
  /** 1 for each function that was searched for; null: nothing was. */
  readonly matched: Uint8Array | null;
  readonly selected: Box | null;
  /** Totals of the two runs: the shown one and the other; the other is null unless there are two. */
  readonly whole: number;
  readonly otherWhole: number | null;
  /** The widths are those of the earlier run. */
  readonly earlierFirst: boolean;
}

/** Paints on the whole canvas, sized for the screen's own pixels. */
export function paintFlame(canvas: HTMLCanvasElement, width: number, painting: Painting): void {
  const { layout, theme, selected } = painting;
  const height = layout.rows * ROW_HEIGHT + 1;
  const scale = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(scale, scale);
  context.font = FONT;
  context.textBaseline = 'middle';
  const characterWidth = context.measureText('0123456789').width / 10;
  for (const box of layout.boxes) paintBox(context, box, painting, characterWidth);
  // The middle of a sandwich is the root of its trees and a function.
  const middle = layout.boxes.find(({ tree, node }) => node === 0 && (tree.functionOf[0] as number) >= 0);
  for (const box of [middle, selected]) if (box != null) outline(context, box, inks[theme].selected);
}

function outline(context: CanvasRenderingContext2D, { x, row, width }: Box, colour: string): void {
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.strokeRect(x + 1, row * ROW_HEIGHT + 1, Math.max(1, width - 2), ROW_HEIGHT - 2);
}

function paintBox(
  context: CanvasRenderingContext2D,
  box: Box,
  painting: Painting,
  characterWidth: number,
): void {
  const { data, theme, matched } = painting;
  const { tree, node, x, width, row } = box;
  const owner = tree.functionOf[node] as number;
  const isMatch = owner >= 0 && matched?.[owner] === 1;
  const top = row * ROW_HEIGHT;
  const gap = width > 3 ? 1 : 0;
  context.globalAlpha = matched !== null && !isMatch ? 0.28 : box.isContext ? 0.6 : 1;
  context.fillStyle = colourOf(box, painting);
  context.fillRect(x, top, Math.max(0.6, width - gap), ROW_HEIGHT - 1);
  if (isMatch) {
    context.fillStyle = inks[theme].match;
    context.fillRect(x, top + ROW_HEIGHT - 4, Math.max(0.6, width - gap), 3);
  }
  if (width < LEAST_TEXT_WIDTH) return;
  context.globalAlpha = matched !== null && !isMatch ? 0.6 : 1;
  context.fillStyle = inks[theme].text;
  const room = Math.floor((width - 2 * PADDING) / characterWidth);
  context.fillText(fitted(labelOf(data, owner), room), x + PADDING, top + ROW_HEIGHT / 2);
  const whole = painting.whole;
  const share = whole === 0 ? '' : `${(((tree.total[node] as number) / whole) * 100).toFixed(1)} %`;
  if (labelOf(data, owner).length + share.length + 3 <= room) {
    context.globalAlpha *= 0.75;
    context.fillText(share, x + width - PADDING - gap - share.length * characterWidth, top + ROW_HEIGHT / 2);
  }
}

/** The name of a function; that of the root where there is none. */
export function labelOf(data: FlameData, owner: number): string {
  return owner < 0 ? 'all' : (data.texts[data.functions.name[owner] as number] as string);
}

/** The class of a function. */
export function classOf(data: FlameData, owner: number): FlameClass {
  return flameClasses[data.functions.class[owner] as number] ?? 'pruned';
}

function fitted(text: string, room: number): string {
  if (text.length <= room) return text;
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`;
}

function colourOf({ tree, node }: Box, { data, theme, whole, otherWhole, earlierFirst }: Painting): string {
  const owner = tree.functionOf[node] as number;
  if (data.differential !== null) {
    const most = Math.max(whole, otherWhole ?? 0);
    const change = most === 0 ? 0 : ((tree.total[node] as number) - (tree.otherTotal?.[node] ?? 0)) / most;
    return changeColour(earlierFirst ? -change : change, theme);
  }
  if (owner < 0) return classColour('idle', theme);
  return classColour(classOf(data, owner), theme, shadeOf(labelOf(data, owner)));
}

/** 0 to 4, always the same for a name. */
function shadeOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (hash * 31 + name.charCodeAt(at)) | 0;
  return Math.abs(hash) % 5;
}
