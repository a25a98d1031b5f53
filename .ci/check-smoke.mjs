// Checks what a smoke run left: node check-smoke.mjs REPORT.json OUT. Shape and honesty, never speed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const [reportFile, out] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportFile, 'utf8'));
const [folder] = readdirSync(out).filter((name) => name !== 'history.jsonl');
const files = readdirSync(path.join(out, folder));
for (const file of [
  'run.json',
  'timeline.ndjson',
  'report.json',
  'report.md',
  'report.html',
  'cpu.pb.gz',
  'allocations.pb.gz',
  'live-heap.pb.gz',
]) {
  assert(files.includes(file), `${file} is missing`);
}
assert(statSync(path.join(out, folder, 'report.html')).size <= 1_500_000, 'report.html is over 1.5 MB');
assert.equal(report.partial, null);
assert(report.phases.clean.requests.succeeded > 0, 'no request succeeded');
// A tracker that allocates next to nothing may leave no sample of allocations in a phase as short as this one.
for (const table of ['cpu', 'liveHeap']) {
  assert(report.top[table].raw.rows.length > 0, `the top table ${table} has no row`);
}
const markdown = readFileSync(path.join(out, folder, 'report.md'), 'utf8');
if (report.top.allocations.raw.rows.length === 0) {
  assert(
    markdown.includes('The profile holds no sample.'),
    'the report does not say that nothing was sampled',
  );
}
const empty = markdown.split('\n').filter((line) => line.startsWith('|') && /\|\s*\|/.test(line));
assert.deepEqual(empty, [], 'a table has an empty cell');
console.log(
  `${folder}: ${report.phases.clean.requests.sent} requests, no cell of ${markdown.length} characters is empty`,
);
