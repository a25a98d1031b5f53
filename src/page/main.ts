/** The script of a page: draws what the page's data holds and makes its tables and names work. */
import type { PageData } from '../page-data.ts';
import { startCharts } from './charts.ts';
import { createFlameView } from './flame/flame-view.ts';
import { linkFrames, makeSortable } from './tables.ts';
import { startTheme } from './theme.ts';

function startPage(): void {
  const content = document.getElementById('content') as HTMLElement;
  const data = JSON.parse(document.getElementById('page-data')?.textContent ?? '') as PageData;
  startCharts(content, data);
  const place = document.getElementById('flame-view');
  if (place !== null && data.flames.length > 0) linkFrames(content, createFlameView(place, data.flames));
  for (const table of content.querySelectorAll<HTMLTableElement>('.table table')) {
    if (table.closest('#flame-view') === null) makeSortable(table);
  }
  addEventListener('beforeprint', function unfold() {
    for (const details of content.querySelectorAll<HTMLDetailsElement>('.finding details'))
      details.open = true;
  });
  startTheme(document.getElementById('theme') as HTMLButtonElement);
}

startPage();
