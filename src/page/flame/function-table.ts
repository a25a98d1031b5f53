/** The functions of a graph as a table: what the picture shows, for the keyboard and for a screen reader. */
import type { FlameData } from '../../page-data.ts';
import { button, element } from '../element.ts';
import { formatPercent, formatValue } from '../format-value.ts';
import { functionCosts } from './call-tree.ts';
import { classOf, labelOf } from './draw.ts';
import type { FlameState } from './flame-state.ts';
import { placeOf } from './frame-words.ts';

/** Rows at first, and more with each press of the button. */
const ROWS = 25;

export interface FunctionTable {
  readonly root: HTMLElement;
  readonly show: (state: FlameState) => void;
}

type Order = 'self' | 'total' | 'change' | 'name';

/** @param onChoose - a function was chosen for the sandwich */
export function createFunctionTable(onChoose: (owner: number) => void): FunctionTable {
  const head = element('tr');
  const body = element('tbody');
  const more = button('Show more', () => {
    rows += ROWS;
    draw();
  });
  const count = element('p', { class: 'note' });
  const root = element(
    'details',
    { class: 'functions' },
    element('summary', {}, 'Functions of this graph'),
    count,
    element(
      'div',
      { class: 'table', tabindex: '0', role: 'group', 'aria-label': 'Functions of this graph' },
      element('table', {}, element('thead', {}, head), body),
    ),
    more,
  );
  let state: FlameState | null = null;
  let order: Order = 'self';
  let rows = ROWS;
  root.addEventListener('toggle', draw);

  function columnsOf(data: FlameData): readonly { readonly order: Order | null; readonly label: string }[] {
    const columns: { order: Order | null; label: string }[] = [
      { order: 'self', label: 'Self' },
      { order: 'total', label: 'Total' },
    ];
    if (data.differential !== null) columns.push({ order: 'change', label: 'Change' });
    return [
      ...columns,
      { order: 'name', label: 'Function' },
      { order: null, label: 'File' },
      { order: null, label: 'Class' },
    ];
  }

  function draw(): void {
    if (state === null || !root.open) return;
    const { data, tree, whole, valueIndex, earlierFirst } = state;
    const valueType = data.valueTypes[valueIndex] ?? { type: '', unit: '' };
    const matched = state.matched();
    const sign = earlierFirst ? -1 : 1;
    const costs = functionCosts(tree)
      .filter(({ owner }) => matched === null || matched[owner] === 1)
      .map((cost) => ({
        ...cost,
        name: labelOf(data, cost.owner),
        change: sign * (cost.total - cost.otherTotal),
      }))
      .sort((a, b) => {
        if (order === 'name') return a.name < b.name ? -1 : 1;
        return Math.abs(b[order]) - Math.abs(a[order]) || b.total - a.total;
      });
    head.replaceChildren(
      ...columnsOf(data).map(({ order: by, label }) => {
        const cell = element('th', { scope: 'col', class: by === null || by === 'name' ? 'text' : 'number' });
        if (by === null) cell.append(label);
        else {
          cell.append(
            button(label, () => {
              order = by;
              draw();
            }),
          );
          if (by === order) cell.setAttribute('aria-sort', by === 'name' ? 'ascending' : 'descending');
        }
        return cell;
      }),
    );
    const cost = (value: number): string =>
      `${formatValue(value, valueType)} (${formatPercent(whole === 0 ? 0 : value / whole)})`;
    body.replaceChildren(
      ...costs.slice(0, rows).map((one) =>
        element(
          'tr',
          {},
          element('td', { class: 'number' }, cost(one.self)),
          element('td', { class: 'number' }, cost(one.total)),
          ...(data.differential === null
            ? []
            : [
                element(
                  'td',
                  { class: 'number' },
                  `${one.change > 0 ? '+' : one.change < 0 ? '−' : ''}${formatValue(Math.abs(one.change), valueType)}`,
                ),
              ]),
          element(
            'td',
            { class: 'text' },
            button(one.name, () => onChoose(one.owner), { class: 'frame-link' }),
          ),
          element('td', { class: 'text place' }, placeOf(data, one.owner)),
          element('td', { class: 'text' }, classOf(data, one.owner)),
        ),
      ),
    );
    more.hidden = costs.length <= rows;
    count.textContent = `${Math.min(rows, costs.length)} of ${costs.length} functions${matched === null ? '' : ' that match'}. A function opens its callers and callees.`;
  }

  return {
    root,
    show(next) {
      if (state?.data !== next.data) rows = ROWS;
      state = next;
      draw();
    },
  };
}
