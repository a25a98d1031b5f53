/** The flame graphs of a page with their controls. */
import { type FlameData, flameClasses } from '../../page-data.ts';
import { button, element } from '../element.ts';
import { formatPercent, formatValue } from '../format-value.ts';
import { currentTheme, onThemeChange } from '../theme.ts';
import { functionCosts } from './call-tree.ts';
import { classOf } from './draw.ts';
import { createFlameCanvas } from './flame-canvas.ts';
import { FlameState, type ViewMode } from './flame-state.ts';
import type { FrameWords } from './frame-words.ts';
import { createFunctionTable } from './function-table.ts';
import { changeColour, classColour, classWords } from './palette.ts';

export interface FlameView {
  /** Whether a graph has a function; `profile` is a kind, of whose graph alone, or a file's name, of whose graph first. */
  readonly has: (name: string, file: string, profile: string) => boolean;
  /** Opens the graph at a function. */
  readonly open: (name: string, file: string, profile: string) => void;
}

const modes: readonly { readonly mode: ViewMode; readonly label: string; readonly title: string }[] = [
  { mode: 'down', label: 'Top-down', title: 'from the start of the program to what it calls' },
  {
    mode: 'up',
    label: 'Inverted',
    title: 'the functions that have the cost themselves, below them who called',
  },
  { mode: 'sandwich', label: 'Sandwich', title: 'one function: who calls it above, what it calls below' },
];

/** Fills `root` with the graphs. */
export function createFlameView(root: HTMLElement, graphs: readonly FlameData[]): FlameView {
  const states = graphs.map((data) => new FlameState(data));
  let current = states[0] as FlameState;
  const canvas = createFlameCanvas({
    onSelect: tell,
    onEnter: draw,
    onReset: reset,
    onSearchKey: () => search.focus(),
    onSandwichKey: openSandwich,
  });
  const table = createFunctionTable((owner) => {
    current.setMiddle(owner);
    current.setMode('sandwich');
    draw();
    canvas.stage.scrollIntoView({ block: 'nearest' });
    canvas.focus();
  });
  const tabs = states.map((state) =>
    button(state.data.label, () => choose(state), { class: 'tab', title: state.data.about }),
  );
  const about = element('p', { class: 'note' });
  const valueSelect = element('select');
  valueSelect.addEventListener('change', changeValue);
  const basisSelect = element(
    'select',
    {},
    element('option', { value: 'after' }, 'after'),
    element('option', { value: 'before' }, 'before'),
  );
  basisSelect.addEventListener('change', changeValue);
  const basis = element('label', {}, 'Widths ', basisSelect);
  const modeButtons = modes.map(({ mode, label, title }) =>
    button(
      label,
      () => {
        const picked = canvas.selected();
        if (mode === 'sandwich' && picked !== null && picked.node !== 0) return openSandwich();
        current.setMode(mode);
        draw();
      },
      { title },
    ),
  );
  const search = element('input', {
    type: 'search',
    placeholder: 'name or file, "exact", /regex/',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  search.addEventListener('input', () => {
    current.search = search.value;
    draw();
  });
  const matches = element('output', { class: 'matches' });
  const resetButton = button('Show all', reset);
  const legend = element('ul', { class: 'legend', 'aria-label': 'Colours' });
  const told = element('p', { class: 'told', role: 'status' });
  root.replaceChildren(
    element('div', { class: 'tabs', role: 'group', 'aria-label': 'Profile' }, ...tabs),
    about,
    element(
      'div',
      { class: 'controls' },
      element('div', { class: 'modes', role: 'group', 'aria-label': 'View' }, ...modeButtons),
      element('label', {}, 'Value ', valueSelect),
      basis,
      element('label', { class: 'search' }, 'Search ', search),
      matches,
      resetButton,
    ),
    legend,
    canvas.stage,
    told,
    table.root,
  );
  onThemeChange(drawLegend);
  choose(current);

  function choose(state: FlameState): void {
    current = state;
    const { data } = state;
    state.search = search.value;
    about.textContent = `${data.about}${data.prunedNodes > 0 ? ` ${data.prunedNodes.toLocaleString('en-US')} small frames are pruned; their cost stands in their callers.` : ''}`;
    valueSelect.replaceChildren(
      ...data.valueTypes.map(({ type, unit }, index) =>
        element('option', { value: String(index) }, `${type} (${unit})`),
      ),
    );
    valueSelect.value = String(state.valueIndex);
    basis.hidden = data.differential === null;
    basisSelect.value = state.earlierFirst ? 'before' : 'after';
    for (const [index, tab] of tabs.entries())
      tab.setAttribute('aria-pressed', String(states[index] === state));
    tell(null);
    draw();
  }

  function changeValue(): void {
    current.setValue(Number(valueSelect.value), basisSelect.value === 'before');
    draw();
  }

  function draw(): void {
    for (const [index, one] of modeButtons.entries()) {
      one.setAttribute('aria-pressed', String(modes[index]?.mode === current.mode));
    }
    const share = current.matchedShare();
    matches.textContent =
      share === null ? (search.value === '' ? '' : 'no such expression') : `matched ${formatPercent(share)}`;
    resetButton.disabled = current.zoom === 0 && current.mode === 'down' && search.value === '';
    drawLegend();
    canvas.show(current);
    table.show(current);
  }

  function reset(): void {
    search.value = '';
    current.search = '';
    current.setMode('down');
    draw();
  }

  function openSandwich(): void {
    const picked = canvas.selected();
    const owner = picked === null ? -1 : (picked.tree.functionOf[picked.node] as number);
    if (owner >= 0) current.setMiddle(owner);
    current.setMode('sandwich');
    draw();
    canvas.focus();
  }

  function tell(words: FrameWords | null): void {
    if (words === null) told.textContent = 'Choose a frame to read its figures here.';
    else {
      told.replaceChildren(
        element('strong', {}, words.name),
        ...(words.place === '' ? [] : [' ', element('span', { class: 'place' }, words.place)]),
        ` ${words.facts.join(' · ')}`,
      );
    }
  }

  function drawLegend(): void {
    const { data } = current;
    const theme = currentTheme();
    const item = (colour: string, label: string, title: string): HTMLLIElement => {
      const swatch = element('span', { class: 'swatch' });
      swatch.style.background = colour;
      return element('li', { title }, swatch, label);
    };
    if (data.differential !== null) {
      const { before, after } = data.differential;
      const valueType = data.valueTypes[current.valueIndex] ?? { type: '', unit: '' };
      const [own, other] = [current.whole, current.otherWhole ?? 0];
      const [was, is] = current.earlierFirst ? [own, other] : [other, own];
      legend.replaceChildren(
        item(changeColour(0.1, theme), 'has grown', `costs more in ${after} than in ${before}`),
        item(changeColour(0, theme), 'the same', ''),
        item(changeColour(-0.1, theme), 'has shrunk', `costs less in ${after} than in ${before}`),
        element(
          'li',
          {},
          `${before} ${formatValue(was, valueType)} a request → ${after} ${formatValue(is, valueType)} a request`,
        ),
      );
      return;
    }
    const selfByClass = new Map<string, number>();
    for (const { owner, self } of functionCosts(current.tree)) {
      const frameClass = classOf(data, owner);
      selfByClass.set(frameClass, (selfByClass.get(frameClass) ?? 0) + self);
    }
    legend.replaceChildren(
      ...flameClasses
        .filter((frameClass) => selfByClass.has(frameClass))
        .map((frameClass) => {
          const share = (selfByClass.get(frameClass) ?? 0) / (current.whole || 1);
          const [name, holds] = classWords[frameClass];
          return item(
            classColour(frameClass, theme),
            `${name} ${formatPercent(share)}`,
            `${holds}; share of the cost that such frames have themselves`,
          );
        }),
    );
  }

  function locate(name: string, file: string, profile: string): { state: FlameState; owner: number } | null {
    const preferred = states.filter(({ data }) => data.file === profile);
    const ofKind = states.filter(({ data }) => data.id === profile);
    // The cost that a row of a kind tells is in no other graph.
    for (const state of ofKind.length > 0 ? ofKind : [...preferred, ...states]) {
      const owner = state.find(name, file);
      if (owner >= 0) return { state, owner };
    }
    return null;
  }

  return {
    has: (name, file, profile) => locate(name, file, profile) !== null,
    open(name, file, profile) {
      const place = locate(name, file, profile);
      if (place === null) return;
      search.value = `"${name}"`;
      choose(place.state);
      place.state.zoomAt(place.owner);
      draw();
      canvas.selectZoomed();
      root.scrollIntoView({ block: 'start' });
      canvas.focus();
    },
  };
}
