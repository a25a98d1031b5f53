/** Reads the tables of a Markdown text as GFM does: a pipe ends a cell unless a backslash escapes it. */
export interface ReadTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** All tables of a text, in order. */
export function readTables(markdown: string): ReadTable[] {
  const tables: ReadTable[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const head = lines[at];
    const rule = lines[at + 1];
    if (head === undefined || rule === undefined) break;
    if (!head.startsWith('|') || !/^\|(?:\s*:?-+:?\s*\|)+$/.test(rule)) continue;
    const rows: string[][] = [];
    let end = at + 2;
    while (lines[end]?.startsWith('|') === true) rows.push(cellsOf(lines[end++] as string));
    tables.push({ head: cellsOf(head), rows });
    at = end;
  }
  return tables;
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Headings down to `###`. */
export function readHeadings(markdown: string): string[] {
  return markdown.split('\n').filter((line) => /^#{1,3} /.test(line));
}
