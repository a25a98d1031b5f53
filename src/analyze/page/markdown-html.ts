/**
 * The part of Markdown that this package's reports are written in, as HTML: headings, paragraphs, quotes, lists, tables,
 * bold text, code and backslash escapes. Everything else is text. Pure.
 */
import { type Html, type HtmlPart, html } from './html.ts';

/** A Markdown table's alignment of a column. */
type Align = 'left' | 'right';

/**
 * @param markdown - blocks parted by blank lines, as the report's sections are
 */
export function markdownToHtml(markdown: string): Html {
  const blocks = markdown
    .replaceAll(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .filter((block) => block.trim() !== '');
  return html`${blocks.map((block) => html`${blockToHtml(block)}\n`)}`;
}

function blockToHtml(block: string): Html {
  const lines = block.split('\n').filter((line) => line !== '');
  const first = lines[0] as string;
  const heading = /^(#{1,6}) (.*)$/.exec(first);
  if (heading !== null) {
    const own = headingToHtml((heading[1] as string).length, heading[2] as string);
    const rest = lines.slice(1).join('\n');
    return rest === '' ? own : html`${own}\n${blockToHtml(rest)}`;
  }
  if (lines.every((line) => line.startsWith('>'))) {
    const inner = lines.map((line) => line.replace(/^> ?/, '')).join('\n');
    return html`<blockquote>${markdownToHtml(inner)}</blockquote>`;
  }
  if (lines.length >= 2 && /^\|(?:\s*:?-+:?\s*\|)+$/.test(lines[1] as string)) return tableToHtml(lines);
  if (/^[-*] /.test(first)) return listToHtml(lines, /^[-*] /, false);
  if (/^\d+\. /.test(first)) return listToHtml(lines, /^\d+\. /, true);
  return html`<p>${inlineToHtml(lines.join(' '))}</p>`;
}

/** Level 1 is the page's own. Ids let the page's navigation point at them. */
function headingToHtml(level: number, text: string): Html {
  const id = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const content = inlineToHtml(text);
  if (level <= 2) return html`<h2 id="${id}">${content}</h2>`;
  if (level === 3) return html`<h3 id="${id}">${content}</h3>`;
  return html`<h4 id="${id}">${content}</h4>`;
}

function listToHtml(lines: readonly string[], mark: RegExp, ordered: boolean): Html {
  const items: string[] = [];
  let start = 1;
  for (const line of lines) {
    if (mark.test(line)) {
      if (items.length === 0) start = Number.parseInt(line, 10);
      items.push(line.replace(mark, ''));
    } else items[items.length - 1] += ` ${line.trim()}`;
  }
  const rows = items.map((item) => html`<li>${inlineToHtml(item)}</li>`);
  return ordered ? html`<ol start="${start}">${rows}</ol>` : html`<ul>${rows}</ul>`;
}

function tableToHtml(lines: readonly string[]): Html {
  const [head, align, ...rows] = lines.map(cellsOf);
  const aligns = (align ?? []).map((cell): Align => (/-:$/.test(cell) ? 'right' : 'left'));
  const classOf = (column: number): string => (aligns[column] === 'right' ? 'number' : 'text');
  return html`<div class="table" tabindex="0" role="group" aria-label="Table: ${plainText((head ?? []).join(', '))}"><table><thead><tr>${(
    head ?? []
  ).map(
    (cell, column) => html`<th scope="col" class="${classOf(column)}">${inlineToHtml(cell)}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, column) => html`<td class="${classOf(column)}">${inlineToHtml(cell)}</td>`)}</tr>\n`,
  )}</tbody></table></div>`;
}

/** The cells of a table's line; a bar behind a backslash is text. */
function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)((?:\\\\)*)\|$/, '$1');
  return [...inner.matchAll(/(?:^|\|)((?:\\.|[^\\|])*)/g)].map((match) => (match[1] as string).trim());
}

/** Markdown's inline marks taken away. */
function plainText(text: string): string {
  return text.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1').replaceAll(/\*\*|`/g, '');
}

/** Bold text, code and escapes; the text between them is text. */
function inlineToHtml(text: string): Html {
  const parts: HtmlPart[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') parts.push(plain);
    plain = '';
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    const next = text[at + 1];
    if (character === '\\' && next !== undefined && /[!-/:-@[-`{-~]/.test(next)) {
      plain += next;
      at++;
      continue;
    }
    const mark = character === '`' ? '`' : text.startsWith('**', at) ? '**' : null;
    const end = mark === null ? -1 : closing(text, at + mark.length, mark);
    if (mark === null || end < 0) {
      plain += character;
      continue;
    }
    flush();
    const inner = text.slice(at + mark.length, end);
    parts.push(mark === '`' ? html`<code>${inner}</code>` : html`<strong>${inlineToHtml(inner)}</strong>`);
    at = end + mark.length - 1;
  }
  flush();
  return html`${parts}`;
}

/** Where a mark ends; an escaped one does not, except in code, where a backslash is text. */
function closing(text: string, from: number, mark: string): number {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (mark === '`') return at;
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0 && at > from) return at;
  }
  return -1;
}
