import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../src/errors.ts';
import { healthyAllocations, healthyCpu } from '../analyze/drawn-profiles.ts';
import { writeSyntheticRun } from '../analyze/synthetic-run.ts';
import { command } from './command.ts';

const profiles = { cpu: healthyCpu, allocations: healthyAllocations };

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'export-'));
  directory = writeSyntheticRun(root, { profiles, target: { name: 'my tracker{x=1}' } });
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('lab export', () => {
  it('writes to stdout, and tells beside it what the format cannot', async () => {
    const { exitCode, stdout, stderr } = await command(['export', directory, '--format', 'folded']);
    expect(exitCode).toBe(ExitCode.ok);
    expect(stdout).toContain(
      'onMessage (src/tracker/server.ts);encodePeers (src/tracker/encode.ts) 2000000000\n',
    );
    expect(stderr).toContain('nanoseconds');
  });

  it('writes a file, and finds a run by its id', async () => {
    const file = path.join(root, 'out.json');
    const run = path.basename(directory);
    const given = ['export', run, '--runs', root, '--format', 'speedscope', '--out', file];
    const { exitCode, stdout } = await command(given);
    expect([exitCode, stdout]).toEqual([ExitCode.ok, '']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('shared.frames');
  });

  it('asks for a format where none is given', async () => {
    const { exitCode, stderr } = await command(['export', directory]);
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toMatch(/^NO_FORMAT: .*speedscope, cpuprofile/);
  });

  it('adds a summary to the job of GitHub Actions', async () => {
    const file = path.join(root, 'summary.md');
    const { exitCode } = await command(['export', directory, '--format', 'gha'], '/nowhere', {
      GITHUB_STEP_SUMMARY: file,
    });
    expect(exitCode).toBe(ExitCode.ok);
    expect(readFileSync(file, 'utf8')).toMatch(/^### tracker-lab: heavy/);
  });
});

interface Received {
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly form: FormData;
}

describe('lab export --push-pyroscope', () => {
  const received: Received[] = [];
  let server: Server;
  let status = 200;
  let url: string;

  beforeEach(async () => {
    received.length = 0;
    status = 200;
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = await new Response(Buffer.concat(chunks), {
        headers: { 'content-type': request.headers['content-type'] ?? '' },
      }).formData();
      received.push({ url: new URL(request.url ?? '', 'http://x'), headers: request.headers, form });
      response.writeHead(status).end(status === 200 ? '' : 'no room\nleft');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sends every pprof file as it stands, with its span, its labels and its value types', async () => {
    const { exitCode } = await command(['export', directory, '--push-pyroscope', `${url}/base/`]);
    expect(exitCode).toBe(ExitCode.ok);
    expect(received.map((one) => one.url.pathname)).toEqual(['/base/ingest', '/base/ingest']);
    const [first] = received as [Received, Received];
    const parameters = Object.fromEntries(first.url.searchParams);
    expect(parameters).toMatchObject({ format: 'pprof', spyName: 'nodespy' });
    expect(parameters['name']).toBe(
      `tracker-lab{run=${path.basename(directory)},scenario=heavy,tracker=my_tracker_x_1_,kind=cpu,phase=profiled}`,
    );
    // The profiled phase begins 16 s after the run.
    expect(Number(parameters['from'])).toBe(Date.parse('2026-01-02T03:04:21Z') / 1000);
    expect(Number(parameters['until'])).toBeGreaterThan(Number(parameters['from']));
    const file = first.form.get('profile') as File;
    expect(Buffer.from(await file.arrayBuffer())).toEqual(readFileSync(path.join(directory, 'cpu.pb.gz')));
    const types = JSON.parse(await (first.form.get('sample_type_config') as File).text()) as object;
    expect(types).toMatchObject({ cpu: { units: 'nanoseconds', aggregation: 'sum' } });
  });

  it('sends the one that was chosen, and name and password of the URL as authorization', async () => {
    const withUser = url.replace('http://', 'http://me:secret@');
    const given = ['export', directory, '--profile', 'allocations', '--push-pyroscope', withUser];
    const { exitCode } = await command(given);
    expect(exitCode).toBe(ExitCode.ok);
    expect(received.map((one) => one.url.searchParams.get('name'))).toEqual([
      expect.stringContaining('kind=allocations'),
    ]);
    expect(received[0]?.headers.authorization).toBe(`Basic ${btoa('me:secret')}`);
  });

  it('tells what the server said where it refuses, without the password', async () => {
    status = 507;
    const withUser = url.replace('http://', 'http://me:secret@');
    const { exitCode, stderr } = await command(['export', directory, '--push-pyroscope', withUser]);
    expect(exitCode).toBe(ExitCode.internal);
    expect(stderr).toMatch(/^PUSH_FAILED: .*\/ingest did not take cpu\.pb\.gz \(HTTP 507: no room left\)/);
    expect(stderr).not.toContain('secret');
  });

  it('tells where nobody listens', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const { exitCode, stderr } = await command(['export', directory, '--push-pyroscope', url]);
    expect(exitCode).toBe(ExitCode.internal);
    expect(stderr).toMatch(/^PUSH_FAILED: .*ECONNREFUSED/);
    server = createServer().listen(0);
  });

  it('refuses what is no URL of a server', async () => {
    const { exitCode, stderr } = await command(['export', directory, '--push-pyroscope', 'file:///etc']);
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toMatch(/^BAD_URL/);
  });
});
