import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BenchResult, partNames } from '../../bench/results.ts';
import { packageRoot } from '../../src/package-root.ts';

const run = promisify(execFile);
const program = path.join(packageRoot, 'dist/bench-build/bench/main.js');
const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-test-'));
const json = path.join(folder, 'result.json');
const document = path.join(folder, 'performance.md');

describe('the benchmark at smoke size', () => {
  beforeAll(async () => {
    const compiler = path.join(packageRoot, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', path.join(packageRoot, 'bench/tsconfig.json')]);
    copyFileSync(path.join(packageRoot, 'docs/performance.md'), document);
    await run(process.execPath, [program, '--smoke', '--json', json, '--write', document]);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('measures every part, or says why not', () => {
    const { schemaVersion, parts } = JSON.parse(readFileSync(json, 'utf8')) as BenchResult;
    expect(schemaVersion).toBe(1);
    expect(Object.keys(parts)).toEqual([...partNames]);
    for (const part of Object.values(parts)) {
      expect(part.smoke).toBe(true);
      expect(part.cells.length + part.skipped.length).toBeGreaterThan(0);
      for (const { samples } of part.cells) expect(samples.length).toBeGreaterThan(0);
      for (const { reason } of part.skipped) expect(reason).not.toBe('');
    }
  });

  it('measures our own tracker on both kinds of socket, and its CPU time', () => {
    const { parts } = JSON.parse(readFileSync(json, 'utf8')) as BenchResult;
    for (const subject of ['tracker-lab, batched', 'tracker-lab, dgram']) {
      const cell = parts.trackers?.cells.find((one) => one.subject === subject);
      expect(cell?.samples[0]?.['serverCpuUs']).toBeGreaterThan(0);
      expect(cell?.samples[0]?.['failedShare']).toBe(0);
      expect(cell?.samples[0]?.['peersPerAnnounce']).toBeGreaterThan(0);
    }
  });

  it('fills the tables of the document, and leaves its words', () => {
    const filled = readFileSync(document, 'utf8');
    expect(filled).toContain('A smoke run: the figures say nothing.');
    expect(filled).toContain('| tracker-lab, batched');
    expect(filled).toContain('## How it is measured');
  });

  it('fills the document from a result without measuring', async () => {
    const before = readFileSync(json, 'utf8');
    const { stdout } = await run(process.execPath, [
      program,
      '--render',
      '--json',
      json,
      '--write',
      document,
    ]);
    expect(stdout).toContain('tracker-lab, batched');
    expect(readFileSync(json, 'utf8')).toBe(before);
  });
});
