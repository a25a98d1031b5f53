import { describe, expect, it } from 'vitest';
import { embeddedJson } from '../../../src/analyze/page/embedded-json.ts';
import { escapeHtml, html } from '../../../src/analyze/page/html.ts';
import { markdownToHtml } from '../../../src/analyze/page/markdown-html.ts';
import { escapeCell, escapeText, table } from '../../../src/analyze/report/markdown-text.ts';

const hostileTexts = [
  '</script><img src=x onerror=alert(1)>',
  '"quoted" and \'single\'',
  'javascript:alert(1)',
  '<!-- comment',
  'a & b &amp; c &#60;',
  '**bold** `code` | bar \\ [link](javascript:x)',
  '# heading',
  '__proto__ _x_ ~~struck~~',
];

/** What a browser shows of some HTML: tags away, entities back. */
function shownText(markup: string): string {
  return markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

describe('the HTML template', () => {
  it.each(hostileTexts)('shows %j as it is', (text) => {
    const { markup } = html`<p title="${text}">${text}</p>`;
    expect(markup.match(/<[a-z!/]/gi)).toEqual(['<p', '</']);
    // Those of the attribute: none of the text ends it.
    expect(markup.match(/["']/g)).toEqual(['"', '"']);
    expect(shownText(markup)).toBe(text);
  });

  it('joins lists and leaves out what is null or false', () => {
    expect(html`<ul>${[1, 2].map((value) => html`<li>${value}</li>`)}</ul>${null}${false}`.markup).toBe(
      '<ul><li>1</li><li>2</li></ul>',
    );
  });

  it('replaces what HTML cannot hold', () => {
    expect(escapeHtml('a\u0000b\u001bc\ud800d\u202ee')).toBe('a�b�c�d�e');
    expect(escapeHtml('🔥 \n\t')).toBe('🔥 \n\t');
  });
});

describe('Markdown of the reports as HTML', () => {
  it.each(hostileTexts)('shows the name %j as it is, in a table and in a sentence', (text) => {
    const cells = markdownToHtml(table(['Function', 'File'], [[escapeCell(text), 'x']]));
    expect(shownText(cells.markup)).toContain(`FunctionFile${text}x`);
    expect(shownText(markdownToHtml(escapeText(text)).markup).trim()).toBe(text);
    expect(cells.markup).not.toMatch(/<(?:script|img|!--)/);
  });

  it('has headings, lists, quotes, bold text and code', () => {
    const markdown = '## Results\n\n> **Good**: fine.\n>\n> More.\n\n- one `a*b`\n- two\n\n3. three';
    expect(markdownToHtml(markdown).markup.replaceAll('\n', '')).toBe(
      '<h2 id="results">Results</h2><blockquote><p><strong>Good</strong>: fine.</p><p>More.</p></blockquote>' +
        '<ul><li>one <code>a*b</code></li><li>two</li></ul><ol start="3"><li>three</li></ol>',
    );
  });

  it('keeps the alignment of columns and the bars inside of cells', () => {
    const { markup } = markdownToHtml(table(['Name', 'Value'], [['a \\| b', '1']], ['l', 'r']));
    expect(markup).toContain('<td class="text">a | b</td><td class="number">1</td>');
  });

  it('takes marks that nobody closes as text', () => {
    expect(markdownToHtml('2 ** 3 and a ` tick').markup.trim()).toBe('<p>2 ** 3 and a ` tick</p>');
  });
});

describe('the embedded data', () => {
  it('cannot end its element and comes back as it was', () => {
    const value = { name: '</script><!--<script>\u2028\u2029"' };
    const text = embeddedJson(value);
    expect(text).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});
