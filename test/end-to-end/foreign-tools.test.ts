/** 0x and clinic beside a real run. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { runSchema } from '../../src/run.ts';
import { runLab } from './watched-lab.ts';

const short = ['--scenario', 'light', '--warmup', '200ms', '--duration', '1s', '--quiet'];
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tools-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

async function lab(args: readonly string[]) {
  const loaded = path.join(root, 'loaded.json');
  const hook = path.join(packageRoot, 'test/end-to-end/loaded-packages.cjs');
  const result = await runLab(['--out', path.join(root, 'runs'), ...short, ...args], {
    nodeArgs: ['--require', hook],
    env: { LOADED_PACKAGES: loaded },
  });
  const [name] = readdirSync(path.join(root, 'runs')).filter((entry) => entry !== 'history.jsonl');
  const folder = path.join(root, 'runs', name as string);
  return {
    ...result,
    folder,
    run: runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'))),
    loaded: JSON.parse(readFileSync(loaded, 'utf8')) as { files: number; foreign: string[] },
  };
}

describe('a run without --clinic, --flame and --agents', () => {
  it('loads nothing of clinic, of 0x, of BullMQ and of ioredis', async () => {
    const { loaded, run, folder } = await lab(['--profile-duration', '500ms']);
    expect(loaded.files).toBeGreaterThan(0);
    expect(loaded.foreign).toEqual([]);
    expect(run.clinic).toBeNull();
    expect(readFileSync(path.join(folder, 'report.md'), 'utf8')).not.toContain('clinic');
  });
});

describe('a run with both', () => {
  it("leaves their pages in its folder, and doctor's words beside ours", { timeout: 120_000 }, async () => {
    const { stdout, run, folder, loaded } = await lab([
      ...['--profile-duration', '1s', '--clinic', 'doctor', '--flame', '0x'],
    ]);
    expect(run.clinic).toMatchObject({ tool: 'doctor', failure: null, page: 'clinic-doctor.html' });
    expect(run.clinic?.requestsPerSecond).toBeGreaterThan(0);
    expect(run.clinic?.verdict?.issueCategory).toMatch(/^[a-z-]+$/);
    expect(stdout).toMatch(/clinic doctor 13\S* \(its words, no verdict of tracker-lab\): issue category/);
    const markdown = readFileSync(path.join(folder, 'report.md'), 'utf8');
    expect(markdown).toMatch(/### What clinic doctor says\n\nNot a verdict of tracker-lab\./);
    expect(readFileSync(path.join(folder, 'report.html'), 'utf8')).toContain('What clinic doctor says');

    const page = readFileSync(path.join(folder, 'clinic-doctor.html'), 'utf8');
    expect(page).toContain('Content-Security-Policy');
    expect(page).toContain('Clinic Doctor');
    expect(readFileSync(path.join(folder, 'flame-0x.html'), 'utf8')).toMatch(/src\/tracker\/\S+\.ts/);
    expect(existsSync(path.join(folder, 'clinic-data'))).toBe(false);
    expect(readdirSync(folder).filter((name) => /trace|isolate|tmp/.test(name))).toEqual([]);
    // Clinic runs in processes of its own; 0x's renderer alone is loaded.
    expect(loaded.foreign.filter((file) => file.includes('clinic'))).toEqual([]);
    expect(loaded.foreign.some((file) => file.includes('/0x/'))).toBe(true);
  });
});
