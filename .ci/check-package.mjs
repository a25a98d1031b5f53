// Checks the list of files of a package: node check-package.mjs PACK.json, as `npm pack --json` prints it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const [{ files, unpackedSize }] = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const paths = files.map((file) => file.path);
const allowed = [
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(?!bench-build\/)[\w./-]+\.(?:js|js\.map|css|mjs|lua)$/,
  /^docs\/[\w./-]+\.(?:md|json|yml|png)$/,
  /^schemas\/[\w-]+\.schema\.json$/,
];
const foreign = paths.filter((path) => !allowed.some((pattern) => pattern.test(path)));
assert.deepEqual(foreign, [], 'files that no user needs');
for (const path of [
  'dist/cli/main.js',
  'dist/tracker/main.js',
  'dist/tracker/worker.js',
  'dist/lab/load/load-worker.js',
  'dist/lab/capture/agent.js',
  'dist/page/page.css',
  'docs/rules/gc-pressure.md',
  'schemas/run.schema.json',
  'LICENSE',
]) {
  assert(paths.includes(path), `${path} is missing`);
}
console.log(`${paths.length} files, ${(unpackedSize / 1e6).toFixed(1)} MB`);
