/** HTML out of templates in which every text is escaped unless it is HTML already. */

/** Text that is HTML: made by {@link html}, never cast from a text. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What a template takes: a list is joined, null and false leave nothing. */
export type HtmlPart = Html | string | number | null | false | readonly HtmlPart[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it may stand between tags and in a quoted attribute; control characters, which HTML cannot hold, become `�`. */
export function escapeHtml(text: string): string {
  return (
    text
      // Surrogates match only where they stand alone.
      .replaceAll(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]/gu, '�')
      .replaceAll(/[&<>"']/g, (character) => entities[character] as string)
  );
}

/** A template literal tag: the literal's own text is HTML, every value in it is escaped. */
export function html(literals: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let markup = literals[0] as string;
  for (const [index, part] of parts.entries()) markup += markupOf(part) + (literals[index + 1] as string);
  return new Html(markup);
}

function markupOf(part: HtmlPart): string {
  if (part === null || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escapeHtml(String(part));
}
