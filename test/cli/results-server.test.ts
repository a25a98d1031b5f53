import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import {
  compareFolders,
  type SideFolders,
  writeComparison,
} from '../../src/analyze/compare/compare-folders.ts';
import { type ResultsServer, startResultsServer } from '../../src/cli/results-server.ts';
import { builtEntry } from '../../src/package-root.ts';
import { writeSyntheticRun } from '../analyze/synthetic-run.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request that sends a path and headers as they are: `fetch` would tidy them. */
function ask(
  url: string,
  options: { path?: string; method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path: '/', agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the server of the results', () => {
  const runId = '20260102-030405-heavy';
  const comparisonId = 'compare-20260102-040000';
  let root: string;
  let server: ResultsServer;

  beforeAll(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'results-'));
    writeFileSync(path.join(root, 'secret.html'), 'secret');
    const runs = path.join(root, 'runs');
    mkdirSync(runs);
    const directory = writeSyntheticRun(runs);
    await analyzeRun(directory, { historyFile: path.join(runs, 'history.jsonl') });
    writeFileSync(path.join(directory, 'stranger.html'), '<script>fetch("/")</script>');
    symlinkSync(path.join(root, 'secret.html'), path.join(directory, 'linked.html'));
    symlinkSync(root, path.join(runs, 'linked-folder'));
    mkdirSync(path.join(root, 'other'));
    writeFileSync(path.join(root, 'other', 'run.json'), '{}');
    writeFileSync(path.join(root, 'other', 'report.html'), 'secret');
    symlinkSync(path.join(root, 'other'), path.join(runs, 'linked-run'));
    writeFileSync(path.join(directory, 'notes.exe'), 'secret');
    const compared = path.join(runs, comparisonId);
    const sideOf = (side: string): SideFolders => ({
      label: `<b>${side}</b>`,
      directories: [writeSyntheticRun(path.join(compared, side), { run: { runId: `run-${side}` } })],
    });
    const [a, b] = [sideOf('a'), sideOf('b')];
    await analyzeRun(path.join(compared, 'a', 'run-a'));
    writeComparison(compared, compareFolders(a, b));
    writeFileSync(path.join(compared, 'a', 'secret.html'), 'secret');
    mkdirSync(path.join(compared, 'c', 'run-c'), { recursive: true });
    writeFileSync(path.join(compared, 'c', 'run-c', 'run.json'), '{}');
    writeFileSync(path.join(compared, 'c', 'run-c', 'report.html'), 'secret');
    mkdirSync(path.join(runs, 'compare-broken'));
    writeFileSync(path.join(runs, 'compare-broken', 'comparison.json'), '{"schemaVersion": 1');
    server = await startResultsServer(runs, 0);
  });
  afterAll(() => server.close());

  it('lists the runs and serves their pages and profiles', async () => {
    const list = await ask(server.url);
    expect(list.status).toBe(200);
    expect(list.body).toContain(`<a href="/${runId}/report.html">${runId}</a>`);
    expect(list.body).toContain('12,200.00 req/s');
    expect(list.body).not.toContain('linked');
    const page = await ask(server.url, { path: `/${runId}/report.html` });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body).toContain('<title>heavy on tracker-lab');
    expect((await ask(server.url, { path: `/${runId}/report.json?x=1` })).body).toContain(
      '"schemaVersion": 1',
    );
  });

  it('lists comparisons with their verdict, and serves their pages and those of their runs', async () => {
    const { body } = await ask(server.url);
    expect(body).toContain(`<a href="/${comparisonId}/comparison.html">${comparisonId}</a>`);
    expect(body).toContain('&lt;b&gt;b&lt;/b&gt; against &lt;b&gt;a&lt;/b&gt;');
    expect(body).toContain('Not enough runs: 1 valid run a side, 6 needed.');
    expect(body).toContain('comparison.json cannot be read');
    expect(body).toContain(`<a href="/${comparisonId}/a/run-a/report.html">run-a</a>`);
    // It was never analysed and has no page.
    expect(body).not.toContain('run-b/report.html');
    const page = await ask(server.url, { path: `/${comparisonId}/comparison.html` });
    expect([page.status, page.body.includes('What changed, per request')]).toEqual([200, true]);
    const nested = await ask(server.url, { path: `/${comparisonId}/a/run-a/report.html` });
    expect([nested.status, nested.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('answers HEAD without a body', async () => {
    const { status, body, headers } = await ask(server.url, {
      path: `/${runId}/report.html`,
      method: 'HEAD',
    });
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(10_000);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    expect((await ask(server.url, { method })).status).toBe(405);
  });

  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1',
    '127.0.0.1:1',
    '[::1]:80',
    'localhost.evil.example',
  ])('refuses the Host %j', async (host) => {
    expect((await ask(server.url, { headers: { host } })).status).toBeGreaterThanOrEqual(400);
  });

  it('answers to localhost, too', async () => {
    const { port } = new URL(server.url);
    expect((await ask(server.url, { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  it.each([
    '/../secret.html',
    `/${runId}/../../secret.html`,
    `/${runId}/..%2f..%2fsecret.html`,
    '/%2e%2e/secret.html',
    '//etc/passwd',
    `/${runId}/linked.html`,
    '/linked-folder/secret.html',
    '/linked-run/report.html',
    `/${runId}/notes.exe`,
    `/${runId}/missing.html`,
    `/${runId}/`,
    `/${runId}`,
    '/history.jsonl',
    `/${runId}/report.html\\..\\x.html`,
    `/${'x'.repeat(300)}/report.html`,
    '/constructor/report.html',
    `/${comparisonId}/a/secret.html`,
    `/${comparisonId}/c/run-c/report.html`,
    `/${comparisonId}/a/run-b/report.html`,
    `/${comparisonId}/a/../a/run-a/report.html`,
    `/${comparisonId}/a/run-a/x/report.html`,
    `//${comparisonId}/comparison.html`,
  ])('has nothing at %s', async (given) => {
    const { status, body } = await ask(server.url, { path: given });
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  });

  it('gives every page and file of a folder no origin and no network, whoever made it', async () => {
    for (const file of ['report.html', 'report.json', 'stranger.html']) {
      const { status, headers } = await ask(server.url, { path: `/${runId}/${file}` });
      const policy = String(headers['content-security-policy']).split('; ');
      expect([status, policy[0]], file).toEqual([200, "default-src 'none'"]);
      expect(policy).toContain('sandbox allow-scripts');
      expect(policy).toContain("frame-ancestors 'none'");
    }
  });

  it.skipIf(process.platform !== 'linux')('listens at no other address of this machine', async () => {
    const { port } = new URL(server.url);
    const own = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address),
    );
    const others = new Set(['127.0.0.2', ...own.filter((address) => address !== '127.0.0.1')]);
    for (const host of others) {
      const socket = connect({ host, port: Number(port) });
      const [error] = (await Promise.race([once(socket, 'error'), once(socket, 'connect')])) as [Error?];
      socket.destroy();
      expect(error?.message, host).toMatch(/ECONNREFUSED|EADDRNOTAVAIL|EINVAL|ENETUNREACH|EHOSTUNREACH/);
    }
  });

  it('lets no other page frame or read it', async () => {
    const { headers } = await ask(server.url);
    expect(headers).toMatchObject({
      'content-security-policy': "frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('says that a port is taken and that a folder is missing', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startResultsServer(root, port)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await expect(startResultsServer(path.join(root, 'none'), 0)).rejects.toMatchObject({
      code: 'NO_SUCH_FOLDER',
    });
  });

  it('is `lab serve`, which tells its URL and ends with a signal', async () => {
    const child = spawn(
      process.execPath,
      [builtEntry('cli/main.js'), 'serve', '--out', path.join(root, 'runs'), '--port', '0'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(line).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect((await ask(line)).body).toContain(runId);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
