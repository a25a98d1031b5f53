// Fills the column "seen" of the first table of docs/reliability.md from the figures that the tests of faults kept:
// node build/fault-figures.mjs FILE. Ends with 1 where a figure has no row, or a row no figure.
import { readFileSync, writeFileSync } from 'node:fs';

const document = 'docs/reliability.md';
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('expected the file with the figures');

const byRow = new Map();
for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
  const { row, what, value, unit } = JSON.parse(line);
  const ofRow = byRow.get(row) ?? new Map();
  byRow.set(row, ofRow);
  const figure = ofRow.get(what) ?? { unit, values: [] };
  ofRow.set(what, figure);
  figure.values.push(value);
}

const write = {
  ms: (value) => (value >= 100 ? `${Math.round(value)} ms` : `${Number(value.toPrecision(2))} ms`),
  points: (value) => `${Number(value.toFixed(3))} points`,
  '%': (value) => `${value.toFixed(1)} %`,
  '': (value) => `${value}`,
};

function describe(what, { unit, values }) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(write[unit]);
  const range = least === most ? most : `${least.replace(/ (ms|points|%)$/, '')} to ${most}`;
  return `${what} ${range} (${values.length})`;
}

const lines = readFileSync(document, 'utf8').split('\n');
const start = lines.findIndex((line) => /^\| *fault *\|/.test(line));
const column = cells(lines[start]).indexOf('seen');
const missing = [];
let at = start + 2;
for (; lines[at]?.startsWith('|'); at++) {
  const row = cells(lines[at]);
  const figures = byRow.get(row[0]);
  byRow.delete(row[0]);
  if (figures === undefined) {
    missing.push(row[0]);
    continue;
  }
  row[column] = [...figures].map(([what, figure]) => describe(what, figure)).join('; ');
  lines[at] = `| ${row.join(' | ')} |`;
}
const table = lines.slice(start, at).map(cells);
const widths = table[0].map((_, cell) =>
  Math.max(...table.map((row, line) => (line === 1 ? 3 : row[cell].length))),
);
for (const [line, row] of table.entries()) {
  const padded = row.map((cell, index) =>
    line === 1 ? '-'.repeat(widths[index]) : cell.padEnd(widths[index]),
  );
  lines[start + line] = `| ${padded.join(' | ')} |`;
}
writeFileSync(document, lines.join('\n'));
for (const row of missing) process.stdout.write(`no figure: ${row}\n`);
for (const row of byRow.keys()) process.stdout.write(`no row: ${row}\n`);
process.exitCode = missing.length + byRow.size > 0 ? 1 : 0;

function cells(line) {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
