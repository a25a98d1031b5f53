/** The canvas of a graph: painting, the pointer, the keyboard. */
import { element } from '../element.ts';
import { currentTheme, onThemeChange } from '../theme.ts';
import { paintFlame, ROW_HEIGHT } from './draw.ts';
import type { FlameState } from './flame-state.ts';
import { type FrameWords, frameWords } from './frame-words.ts';
import type { Box, Layout } from './layout.ts';

export interface FlameCanvas {
  readonly stage: HTMLElement;
  /** Shows another graph, or the same after a change. */
  readonly show: (state: FlameState) => void;
  /** Marks the frame that the graph is zoomed at. */
  readonly selectZoomed: () => void;
  readonly selected: () => Box | null;
  readonly focus: () => void;
}

export interface FlameCanvasEvents {
  readonly onSelect: (words: FrameWords | null) => void;
  /** A frame was entered: the state has changed. */
  readonly onEnter: () => void;
  /** Escape, or a click on nothing. */
  readonly onReset: () => void;
  readonly onSearchKey: () => void;
  readonly onSandwichKey: () => void;
}

const keyHelp =
  'Arrow keys move between frames, Enter zooms, Escape shows all, S puts the frame in the middle of a sandwich, slash searches.';

/** Makes the canvas; it paints when it is first shown. */
export function createFlameCanvas(events: FlameCanvasEvents): FlameCanvas {
  const canvas = element('canvas', {
    tabindex: '0',
    role: 'application',
    'aria-label': `Flame graph. ${keyHelp}`,
  });
  const tooltip = element('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });
  const stage = element('div', { class: 'stage' }, canvas, tooltip);
  let state: FlameState | null = null;
  let layout: Layout = { boxes: [], rows: 0 };
  let selected: Box | null = null;
  let width = 0;

  function repaint(): void {
    if (state === null || width <= 0) return;
    paintFlame(canvas, width, {
      data: state.data,
      layout,
      theme: currentTheme(),
      matched: state.matched(),
      selected,
      whole: state.whole,
      otherWhole: state.otherWhole,
      earlierFirst: state.earlierFirst,
    });
  }

  function arrange(): void {
    if (state === null || width <= 0) return;
    layout = state.layout(width);
    const was = selected;
    selected =
      was === null
        ? null
        : (layout.boxes.find((box) => box.tree === was.tree && box.node === was.node) ?? null);
    if (was !== null && selected === null) events.onSelect(null);
    repaint();
  }

  function wordsOf(box: Box): FrameWords | null {
    return state === null ? null : frameWords(box, state);
  }

  function select(box: Box): void {
    selected = box;
    repaint();
    events.onSelect(wordsOf(box));
    const top = box.row * ROW_HEIGHT;
    if (top < stage.scrollTop || top + ROW_HEIGHT > stage.scrollTop + stage.clientHeight) {
      stage.scrollTop = top - stage.clientHeight / 2;
    }
  }

  function enter(box: Box): void {
    if (state === null) return;
    if (state.mode === 'sandwich' && box.tree.functionOf[box.node] === -1) return;
    selected = box;
    state.enter(box);
    events.onEnter();
    events.onSelect(selected === null ? null : wordsOf(selected));
  }

  function boxAt(event: MouseEvent): Box | null {
    const row = Math.floor(event.offsetY / ROW_HEIGHT);
    const x = event.offsetX;
    return layout.boxes.find((box) => box.row === row && x >= box.x && x < box.x + box.width) ?? null;
  }

  canvas.addEventListener('mousemove', function hover(event) {
    const box = boxAt(event);
    const words = box === null ? null : wordsOf(box);
    tooltip.hidden = words === null;
    canvas.style.cursor = words === null ? 'default' : 'pointer';
    if (words === null) return;
    tooltip.replaceChildren(
      element('strong', {}, words.name),
      ...(words.place === '' ? [] : [element('span', {}, words.place)]),
      ...words.facts.map((fact) => element('span', {}, fact)),
    );
    const left = event.offsetX + 14;
    const room = stage.clientWidth - tooltip.offsetWidth - 4;
    tooltip.style.left = `${Math.max(0, left > room ? event.offsetX - tooltip.offsetWidth - 10 : left)}px`;
    tooltip.style.top = `${event.offsetY + 18}px`;
  });
  canvas.addEventListener('mouseleave', () => {
    tooltip.hidden = true;
  });
  canvas.addEventListener('click', function choose(event) {
    const box = boxAt(event);
    if (box === null) events.onReset();
    else enter(box);
  });
  canvas.addEventListener('keydown', function steer(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });

  const move = (to: (from: Box) => Box | undefined): void => {
    const from = selected ?? layout.boxes.find((box) => box.node === (state?.zoom ?? 0)) ?? layout.boxes[0];
    if (from === undefined) return;
    const next = selected === null ? from : to(from);
    if (next !== undefined) select(next);
  };
  const beside = (from: Box, side: 1 | -1): Box | undefined => {
    const row = layout.boxes.filter((box) => box.row === from.row).sort((a, b) => a.x - b.x);
    return row[row.indexOf(from) + side];
  };
  const overlapping = (from: Box, rows: 1 | -1): Box | undefined =>
    layout.boxes
      .filter(
        (box) => box.row === from.row + rows && box.x < from.x + from.width && box.x + box.width > from.x,
      )
      .sort((a, b) => b.width - a.width)[0];
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move((from) => overlapping(from, 1)),
    ArrowUp: () => move((from) => overlapping(from, -1)),
    ArrowLeft: () => move((from) => beside(from, -1)),
    ArrowRight: () => move((from) => beside(from, 1)),
    Home: () => layout.boxes[0] !== undefined && select(layout.boxes[0]),
    Enter: () => selected !== null && enter(selected),
    ' ': () => selected !== null && enter(selected),
    Escape: events.onReset,
    '/': events.onSearchKey,
    s: events.onSandwichKey,
  };

  new ResizeObserver(() => {
    // A scroll bar of the stage must not make the graph narrower than its own frames.
    if (stage.clientWidth === width) return;
    width = stage.clientWidth;
    arrange();
  }).observe(stage);
  onThemeChange(repaint);

  return {
    stage,
    show(next) {
      if (state !== next) selected = null;
      state = next;
      tooltip.hidden = true;
      width = stage.clientWidth;
      arrange();
    },
    selectZoomed() {
      const box = layout.boxes.find((one) => !one.isContext);
      if (box !== undefined) select(box);
    },
    selected: () => selected,
    focus: () => canvas.focus(),
  };
}
