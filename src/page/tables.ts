/** Makes the tables of a page sortable, and their function names lead into the flame graphs. */
import { button } from './element.ts';
import type { FlameView } from './flame/flame-view.ts';
import { sortKey } from './sort-key.ts';

/** Shorter tables are read at a glance. */
const LEAST_ROWS = 4;

/** Puts a button into each heading of each longer table that has a column of numbers. */
export function makeSortable(table: HTMLTableElement): void {
  const body = table.tBodies[0];
  const headings = [...(table.tHead?.rows[0]?.cells ?? [])];
  if (body === undefined || body.rows.length < LEAST_ROWS) return;
  if (!headings.some((cell) => cell.classList.contains('number'))) return;
  const original = [...body.rows];
  for (const [column, heading] of headings.entries()) {
    const label = heading.textContent ?? '';
    heading.replaceChildren(button(label, () => sortBy(column)));
  }

  function sortBy(column: number): void {
    const heading = headings[column] as HTMLTableCellElement;
    const isNumber = heading.classList.contains('number');
    const was = heading.getAttribute('aria-sort');
    const first = isNumber ? 'descending' : 'ascending';
    const second = isNumber ? 'ascending' : 'descending';
    // The third press gives the order of the report back.
    const next = was === null ? first : was === first ? second : null;
    for (const one of headings) one.removeAttribute('aria-sort');
    if (next === null) {
      body?.append(...original);
      return;
    }
    heading.setAttribute('aria-sort', next);
    const sign = next === 'ascending' ? 1 : -1;
    const keyed = original.map((row) => ({
      row,
      key: sortKey(row.cells[column]?.textContent ?? '', isNumber),
    }));
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return a.key === b.key ? 0 : a.key === null ? 1 : -1;
      return a.key < b.key ? -sign : a.key > b.key ? sign : 0;
    });
    body?.append(...keyed.map(({ row }) => row));
  }
}

/** Function names of findings and tables become buttons where a flame graph has the function. */
export function linkFrames(content: HTMLElement, view: FlameView): void {
  for (const span of content.querySelectorAll<HTMLElement>('span.frame')) {
    const { function: name = '', file = '', profile = '' } = span.dataset;
    linkText(span, { name, file, profile }, view);
  }
  let profile = '';
  for (const part of content.querySelectorAll<HTMLElement>('p, table')) {
    if (!(part instanceof HTMLTableElement)) {
      profile = /\bFile: ([\w.-]+\.pb\.gz)/.exec(part.textContent ?? '')?.[1] ?? profile;
      continue;
    }
    const named = part.closest<HTMLElement>('[data-profile]')?.dataset['profile'];
    const labels = [...(part.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent ?? '');
    const [functionColumn, fileColumn] = [labels.indexOf('Function'), labels.indexOf('File')];
    if (functionColumn < 0 || fileColumn < 0 || part.closest('.functions') !== null) continue;
    for (const row of part.tBodies[0]?.rows ?? []) {
      const cell = row.cells[functionColumn];
      const place = row.cells[fileColumn]?.textContent ?? '';
      const file = place.startsWith('- (') ? '' : place.replace(/:\d+$/, '');
      if (cell !== undefined)
        linkText(cell, { name: cell.textContent ?? '', file, profile: named ?? profile }, view);
    }
  }
}

function linkText(
  parent: HTMLElement,
  { name, file, profile }: { readonly name: string; readonly file: string; readonly profile: string },
  view: FlameView,
): void {
  if (name === '' || !view.has(name, file, profile)) return;
  const link = button(name, () => view.open(name, file, profile), {
    class: 'frame-link',
    title: 'Show in the flame graph',
  });
  parent.replaceChildren(link);
}
