/** Puts the sections of a result into a document that has a place for each. Pure. */
/**
 * Replaces what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. Text around stays as it is.
 *
 * @throws Error where the document has no place for a section: what was measured must not be lost in silence
 */
export function fillDocument(document: string, sections: Readonly<Record<string, string>>): string {
  let filled = document;
  for (const [name, text] of Object.entries(sections)) {
    const open = `<!-- bench:${name} -->`;
    const close = `<!-- /bench:${name} -->`;
    const start = filled.indexOf(open);
    const end = filled.indexOf(close);
    if (start < 0 || end < start)
      throw new Error(`the document has no place for "${name}" (${open} … ${close})`);
    filled = `${filled.slice(0, start + open.length)}\n\n${text}\n\n${filled.slice(end)}`;
  }
  return filled;
}
