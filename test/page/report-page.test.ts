import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import { historyRow } from '../../src/analyze/history.ts';
import { loadRun } from '../../src/analyze/load-run.ts';
import { renderComparisonPage } from '../../src/analyze/page/comparison-page.ts';
import type { Profile } from '../../src/analyze/profile/profile.ts';
import { buildReport } from '../../src/analyze/report/build-report.ts';
import { startResultsServer } from '../../src/cli/results-server.ts';
import { sortKey } from '../../src/page/sort-key.ts';
import { healthyAllocations, healthyCpu, healthyLiveHeap } from '../analyze/drawn-profiles.ts';
import { drawProfile } from '../analyze/profile/draw-profile.ts';
import { syntheticEvidence, writeSyntheticRun } from '../analyze/synthetic-run.ts';
import { browserPath, launchBrowser } from './browser.ts';

const axeScript = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const hostileNames = [
  '</script><img src=x onerror="window.pwned=1">',
  '"><svg/onload=window.pwned=1>\'',
  'javascript:window.pwned=1',
  '<!-- <script>window.pwned=1</script>',
  'line\u2028separator',
];

/** A profile whose functions have these names. */
function profileOf(names: readonly string[], file = '<b>file</b>.ts'): Profile {
  const drawn = drawProfile(names.map((_, index) => `${index + 1}00000000`).join('  '));
  return {
    ...drawn,
    durationNs: 6e9,
    frames: names.map((functionName) => ({
      functionName,
      file,
      line: 7,
      runtime: 'v8',
      class: 'application',
    })),
    stackStart: Uint32Array.from([...names.keys(), names.length]),
    stackFrames: Uint32Array.from(names.keys()),
    values: [Float64Array.from(names, (_, index) => (index + 1) * 1e8)],
    sampleCount: names.length,
  };
}

describe.skipIf(browserPath === undefined)('the report page in a browser (needs chromium)', () => {
  let browser: Browser;
  let page: string;
  let hostilePage: string;
  let comparisonPage: string;

  beforeAll(async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'page-'));
    const directory = writeSyntheticRun(root, {
      runtime: (row) => (row.atMs === 10_000 ? { eventLoopDelayNsMax: 80e6 } : {}),
      profiles: { cpu: healthyCpu, allocations: healthyAllocations, 'live-heap': healthyLiveHeap },
    });
    await analyzeRun(directory);
    page = path.join(directory, 'report.html');
    const hostileRoot = mkdtempSync(path.join(tmpdir(), 'page-'));
    const hostile = writeSyntheticRun(hostileRoot, {
      target: { name: hostileNames[0] as string, version: hostileNames[3] as string },
      clean: { errorTexts: { [hostileNames[1] as string]: 3 } },
      profiles: { cpu: profileOf(hostileNames) },
    });
    // The level changed with a run whose id is hostile; a folder of that name would be refused.
    const historyFile = path.join(hostileRoot, 'history.jsonl');
    const row = historyRow(
      buildReport(loadRun(hostile), { history: { rows: [], brokenLines: 0 }, runs: [] }),
    );
    const days = Array.from({ length: 16 }, (_, day) => ({
      ...row,
      runId: day === 8 ? (hostileNames[0] as string) : `day-${day}`,
      startedAt: `2025-01-${day + 10}T00:00:00.000Z`,
      requestsPerSecond: (day < 8 ? 90_000 : 12_000) + day,
    }));
    writeFileSync(historyFile, days.map((one) => `${JSON.stringify(one)}\n`).join(''));
    await analyzeRun(hostile, { historyFile });
    hostilePage = path.join(hostile, 'report.html');
    comparisonPage = path.join(root, 'comparison.html');
    const slower = drawProfile(`
      4000000000                            1200000000
      onMessage@src/tracker/server.ts:40    onMessage@src/tracker/server.ts:40
      encodePeers@src/tracker/encode.ts:12  newWork@src/tracker/new.ts:1
    `);
    writeFileSync(
      comparisonPage,
      renderComparisonPage({
        title: `${hostileNames[0]} and v2`,
        markdown: '## Comparison\n\nv2 costs more.',
        functions: (['cpu', 'allocations'] as const).map((profile) => ({
          profile,
          markdown: `## Functions: ${profile}\n\n| Change | Function | File |\n| --: | :-- | :-- |\n| +1 | encodePeers | src/tracker/encode.ts |`,
        })),
        before: {
          label: hostileNames[0] as string,
          runs: [syntheticEvidence({ profiles: { cpu: healthyCpu, allocations: healthyAllocations } })],
        },
        after: {
          label: 'v2',
          runs: [syntheticEvidence({ profiles: { cpu: slower, allocations: healthyAllocations } })],
        },
      }),
    );
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  /** Opens a file and gathers what the browser complains of. */
  async function open(file: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(10_000);
    const opened = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    opened.on('console', (message) => {
      if (message.type() !== 'log' && message.type() !== 'debug') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    opened.on('request', (request) => requests.push(request.url()));
    await opened.goto(pathToFileURL(file).href);
    return { opened, complaints, requests, close: () => context.close() };
  }

  /** What axe finds serious or critical. */
  async function seriousViolations(opened: Page): Promise<string[]> {
    // The page's policy would refuse it as a script of the page.
    const violations = await opened.evaluate(async (source) => {
      // biome-ignore lint/security/noGlobalEval: axe has no other way in, and this is a test
      globalThis.eval(source);
      const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } };
      return (await axe.run()).violations;
    }, axeScript);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  const told = (opened: Page) => opened.locator('.told').innerText();

  it('loads from a file without a complaint and asks for nothing else', async () => {
    const { opened, complaints, requests, close } = await open(page);
    expect(await opened.locator('h1').innerText()).toBe('heavy, 12 workers on tracker-lab 0.1.0');
    expect(await opened.locator('.plot canvas').count()).toBe(8);
    expect(await opened.locator('.tile').count()).toBe(8);
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(page).href]);
    expect(statSync(page).size).toBeLessThan(400_000);
    await close();
  });

  it('lets nothing through its policy', async () => {
    const { opened, close } = await open(page);
    const blocked = await opened.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.body.append(script);
      const fetched = await fetch('data:text/plain,x').then(
        () => true,
        () => false,
      );
      return { ran: 'inlineRan' in window, fetched };
    });
    expect(blocked).toEqual({ ran: false, fetched: false });
    await close();
  });

  it('searches, zooms and turns a flame graph over', async () => {
    const { opened, complaints, close } = await open(page);
    await opened.getByRole('searchbox').fill('encodePeers');
    expect(await opened.locator('.matches').innerText()).toBe('matched 40.0 %');
    await opened.getByRole('searchbox').fill('');
    const canvas = opened.locator('.stage canvas');
    await canvas.focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) await opened.keyboard.press(key);
    expect(await told(opened)).toMatch(
      /^encodePeers src\/tracker\/encode\.ts:12 application · total 2 s \(40\.0 %\)/,
    );
    await opened.keyboard.press('Enter');
    await canvas.click({ position: { x: 600, y: 2.5 * 19 } });
    expect(await told(opened)).toMatch(/^encodePeers /);
    await opened.keyboard.press('Escape');
    expect(await opened.getByRole('button', { name: 'Show all' }).isDisabled()).toBe(true);
    await opened.getByRole('button', { name: 'Inverted' }).click();
    await canvas.click({ position: { x: 30, y: 1.5 * 19 } });
    expect(await told(opened)).toMatch(/^encodePeers /);
    expect(complaints).toEqual([]);
    await close();
  });

  it('switches profiles and value types, and shows a function between its callers and callees', async () => {
    const { opened, complaints, close } = await open(page);
    await opened.getByRole('button', { name: 'Allocations' }).click();
    const value = opened.getByRole('combobox', { name: 'Value' });
    expect(await value.locator('option:checked').innerText()).toBe('alloc_space (bytes)');
    await value.selectOption({ label: 'alloc_objects (count)' });
    await opened.getByText('Functions of this graph').click();
    const first = opened.locator('.functions tbody tr').first();
    expect(await first.innerText()).toContain('400,000 alloc objects (95.2 %)');
    await opened.locator('.functions').getByRole('button', { name: 'encodePeers' }).click();
    expect(await opened.getByRole('button', { name: 'Sandwich' }).getAttribute('aria-pressed')).toBe('true');
    expect(complaints).toEqual([]);
    await close();
  });

  const shownProfile = (opened: Page) => opened.locator('.tabs [aria-pressed=true]').innerText();

  it('leads from a table and from a finding to the frame, in the graph of their profile', async () => {
    const { opened, close } = await open(page);
    await opened.locator('.profiles').getByRole('button', { name: 'encodePeers' }).first().click();
    expect(await told(opened)).toMatch(/^encodePeers /);
    expect(await opened.getByRole('searchbox').inputValue()).toBe('"encodePeers"');
    expect(await opened.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
    await opened.getByRole('button', { name: 'Live heap' }).click();
    await opened.locator('.finding .frame-link').first().click();
    expect(await told(opened)).toMatch(/^encodePeers src\/tracker\/encode\.ts:12 application · total 2 s/);
    expect(await shownProfile(opened)).toBe('CPU');
    await close();
  });

  it('leads from a row of a comparison to the frame in the graph of its own profile', async () => {
    const { opened, complaints, close } = await open(comparisonPage);
    const link = (profile: string) =>
      opened.locator(`[data-profile=${profile}]`).getByRole('button', { name: 'encodePeers' });
    await link('allocations').click();
    expect(await shownProfile(opened)).toBe('Allocations');
    expect(await told(opened)).toMatch(/^encodePeers .* total \S+ B a request/);
    await link('cpu').click();
    expect(await shownProfile(opened)).toBe('CPU');
    expect(complaints).toEqual([]);
    await close();
  });

  it('sorts a table by its numbers, and gives the order back', async () => {
    const { opened, close } = await open(page);
    const table = opened.locator('.profiles table').first();
    const names = () => table.locator('tbody tr td:nth-child(6)').allInnerTexts();
    const original = await names();
    const heading = table.getByRole('button', { name: 'cum', exact: true });
    await heading.click();
    const costs = await table.locator('tbody tr td:nth-child(4)').allInnerTexts();
    const sizes = costs.map((cost) => sortKey(cost, true) as number);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(await names()).not.toEqual(original);
    await heading.click();
    await heading.click();
    expect(await names()).toEqual(original);
    await close();
  });

  it('shows hostile names as text', async () => {
    const { opened, complaints, close } = await open(hostilePage);
    await opened.getByText('Functions of this graph').click();
    const shown = await opened.locator('.functions tbody td:nth-child(3)').allInnerTexts();
    const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');
    expect(shown.map(inOneLine).sort()).toEqual(hostileNames.map(inOneLine).sort());
    expect(await opened.locator('h1').innerText()).toContain(hostileNames[0]);
    expect(await opened.locator('#historical-results ~ ul').first().innerText()).toContain(hostileNames[0]);
    const listed = await opened.locator('.profiles td').allInnerTexts();
    expect(listed).toEqual(expect.arrayContaining(hostileNames.slice(0, 4)));
    expect(await opened.locator('img, main script, main b').count()).toBe(0);
    expect(await opened.evaluate(() => 'pwned' in window)).toBe(false);
    expect(complaints).toEqual([]);
    await close();
  });

  it('shows what changed between two runs, per request', async () => {
    const { opened, complaints, close } = await open(comparisonPage);
    await opened.getByText('Functions of this graph').click();
    await opened.locator('.functions').getByRole('button', { name: 'Change' }).click();
    const rows = await opened.locator('.functions tbody tr').allInnerTexts();
    expect(rows.find((row) => row.includes('newWork'))).toMatch(/\+16\.4 µs/);
    expect(rows.find((row) => row.includes('sendReply'))).toMatch(/−16\.4 µs/);
    expect(await opened.locator('.legend').innerText()).toContain(hostileNames[0]);
    expect(await opened.locator('h1').innerText()).toContain(hostileNames[0]);
    expect(await opened.evaluate(() => 'pwned' in window)).toBe(false);
    expect(complaints).toEqual([]);
    await close();
  });

  it.each([
    ['report', 'light', 1280],
    ['report', 'dark', 1280],
    ['report', 'light', 390],
    ['report', 'dark', 390],
    ['comparison', 'light', 1280],
    ['comparison', 'dark', 390],
  ] as const)(
    'is accessible (%s) in %s at %i pixels and never scrolls sideways',
    async (which, colorScheme, width) => {
      const file = which === 'report' ? page : comparisonPage;
      const { opened, complaints, close } = await open(file, {
        colorScheme,
        viewport: { width, height: 844 },
      });
      await opened.getByText('Functions of this graph').click();
      expect(await opened.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(await seriousViolations(opened)).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    },
  );

  it('is operated by the keyboard alone in a flame graph of two runs', async () => {
    const { opened, close } = await open(comparisonPage);
    const canvas = opened.locator('.stage canvas');
    await canvas.focus();
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await opened.keyboard.press(key);
      return told(opened);
    };
    expect(await press('ArrowDown')).toMatch(/^all /);
    const [first, second] = [await press('ArrowDown', 'ArrowDown'), await press('ArrowRight')];
    expect(second).not.toBe(first);
    expect(await press('ArrowLeft')).toBe(first);
    await press('Enter');
    expect(await opened.getByRole('button', { name: 'Show all' }).isEnabled()).toBe(true);
    await press('Escape');
    expect(await opened.getByRole('button', { name: 'Show all' }).isDisabled()).toBe(true);
    await close();
  });

  it('of a stranger is served without an origin: it reads no other run, and ours still works so', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'page-'));
    const directory = writeSyntheticRun(folder, { profiles: { cpu: profileOf(hostileNames) } });
    await analyzeRun(directory);
    writeFileSync(
      path.join(directory, 'stranger.html'),
      `<p id="told"></p><script>
        const told = [origin];
        try { localStorage.setItem('a', 'b'); told.push('stored'); } catch { told.push('no storage'); }
        fetch('/').then(() => told.push('read'), () => told.push('not read')).then(() => {
          document.getElementById('told').textContent = told.join(', ');
        });
      </script>`,
    );
    const server = await startResultsServer(folder, 0);
    try {
      const context = await browser.newContext();
      const opened = await context.newPage();
      const url = `${server.url}${path.basename(directory)}/`;
      await opened.goto(`${url}stranger.html`);
      await opened.locator('#told:not(:empty)').waitFor();
      expect(await opened.locator('#told').innerText()).toBe('null, no storage, not read');
      const complaints: string[] = [];
      opened.on('console', (message) => complaints.push(message.text()));
      opened.on('pageerror', (error) => complaints.push(error.message));
      await opened.goto(`${url}report.html`);
      expect(await opened.locator('.tile').count()).toBe(8);
      await opened.getByRole('button', { name: /theme/ }).click();
      expect(complaints).toEqual([]);
      await context.close();
    } finally {
      await server.close();
    }
  });

  it('keeps a theme that the reader chose and prints in light', async () => {
    const { opened, close } = await open(page, { colorScheme: 'dark' });
    const paper = () => opened.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await opened.getByRole('button', { name: 'Light theme' }).click();
    const light = await paper();
    expect(light).not.toBe(dark);
    await opened.getByRole('button', { name: 'Dark theme' }).click();
    await opened.emulateMedia({ media: 'print' });
    expect(await paper()).toBe(light);
    await close();
  });

  it('prints what was measured and the evidence, without its controls', async () => {
    const { opened, close } = await open(page, { viewport: { width: 720, height: 1000 } });
    await opened.emulateMedia({ media: 'print' });
    // As the browser does before it prints.
    await opened.evaluate(() => dispatchEvent(new Event('beforeprint')));
    const shown = (selector: string) => opened.locator(selector).filter({ visible: true }).count();
    expect(await shown('.bar, .controls, .tabs, .functions')).toBe(0);
    expect(await shown('.plot canvas')).toBe(8);
    expect(await shown('.stage canvas, .legend')).toBe(2);
    const folded = opened.locator('.finding details:not([open])');
    expect([await opened.locator('.finding details').count(), await folded.count()]).toEqual([1, 0]);
    expect(await opened.evaluate(() => document.documentElement.scrollWidth)).toBe(720);
    await close();
  });
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}
