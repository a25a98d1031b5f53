/** The pieces of the Markdown report. Names out of profiles and replies are hostile text: they pass {@link escapeText}. */
import { strict as assert } from 'node:assert';
import { markdownTable } from 'markdown-table';
import type { Status } from '../status.ts';
import type { Assessment } from './report-schema.ts';

const LONGEST_SENTENCE = 1000;
const LONGEST_NAME = 160;

/**
 * Text that comes out of Markdown as it went in, on one line.
 *
 * @param longest - more characters than this are cut, with `…`
 */
export function escapeText(text: string, longest = LONGEST_SENTENCE): string {
  const cut = text.length > longest ? `${[...text.slice(0, longest * 2)].slice(0, longest).join('')}…` : text;
  return (
    cut
      .replaceAll(/[\r\n\u2028\u2029]+/g, ' ')
      .replaceAll(/\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufeff]/gu, '�')
      // A `<` before a space or a digit opens no tag, and a backslash there is but noise in the plain text.
      .replaceAll(/[\\`*[\]|~]|<(?![\s\d=])/g, '\\$&')
      .replaceAll(/&(?=#|\w)/g, '\\&')
      .replace(/^\s*(?=(?:#{1,6}|[>+-]|\d+[.)])\s)/, '\\')
      .replaceAll(/_(?![A-Za-z0-9])|(?<![A-Za-z0-9])_/g, '\\_')
  );
}

/** A name, cut at 160 characters; `(none)` where nothing of it can be seen. */
export function escapeCell(text: string): string {
  const escaped = escapeText(text, LONGEST_NAME).trim();
  return escaped === '' ? '(none)' : escaped;
}

/** A table; cells are Markdown already and must not be empty. The first column is to the left, the others as told. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align?: readonly ('l' | 'r')[],
): string {
  for (const row of rows) {
    assert(
      row.length === head.length && row.every((cell) => cell.trim() !== ''),
      `an empty cell in ${row.join(' | ')}`,
    );
  }
  return markdownTable([head, ...rows], align === undefined ? {} : { align });
}

/** `Good`, or `- (why there is none)`. */
export function statusCell(status: Status): string {
  return status.tier ?? `- (${status.reason})`;
}

/** `not measured: why`. */
export function notMeasured(reason: string): string {
  return `not measured: ${escapeText(reason)}`;
}

/** A tracker's name and version as one phrase. */
export function trackerAndVersion(name: string, version: string | null): string {
  const known = escapeCell(name);
  return version === null
    ? `${known} (version not measured: the tracker does not tell it)`
    : `${known} ${escapeCell(version)}`;
}

/** A formatted figure, or why there is none. */
export function figure<T>(value: T | null | undefined, format: (value: T) => string, reason: string): string {
  return value === null || value === undefined ? notMeasured(reason) : format(value);
}

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

const answers = { yes: 'yes', no: 'no', unknown: 'cannot be told', note: '-' } as const;

/** Statements with their answers, as rows of a table. */
export function assessmentRows(assessments: readonly Assessment[]): string[][] {
  return assessments.map(({ statement, answer, observed }) => [
    escapeText(statement),
    answer === 'note' ? '- (a figure, neither yes nor no)' : answers[answer],
    escapeText(observed),
  ]);
}
