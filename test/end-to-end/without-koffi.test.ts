import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { reportSchema } from '../../src/analyze/report/report-schema.ts';
import { packageRoot } from '../../src/package-root.ts';
import { runSchema } from '../../src/run.ts';
import { runLab } from './watched-lab.ts';

const out = mkdtempSync(path.join(tmpdir(), 'without-koffi-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

it('a lab without koffi says that neither its load nor its tracker has batched sockets', async () => {
  const hook = pathToFileURL(path.join(packageRoot, 'test/fixtures/no-koffi.mjs')).href;
  const { stdout, stderr } = await runLab(
    [
      ...['--scenario', 'light', '--warmup', '200ms', '--duration', '500ms', '--profile-duration', '0s'],
      ...['--out', out, '--json'],
    ],
    { env: { NODE_OPTIONS: `--import ${hook}` } },
  );
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(report.notes.join('\n')).toMatch(
    process.platform === 'linux'
      ? /The load has dgram sockets, not batched ones: .*koffi/
      : /The load has dgram sockets/,
  );
  const run = runSchema.parse(JSON.parse(readFileSync(path.join(out, report.runId, 'run.json'), 'utf8')));
  expect(run.target.socketKind).toBe('dgram');
  expect(stderr).toContain('The load has dgram sockets');
});
