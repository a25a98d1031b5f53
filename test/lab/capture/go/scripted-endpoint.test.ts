import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goPprofSource } from '../../../../src/lab/capture/go/go-pprof-source.ts';
import type { CapturedProfiles } from '../../../../src/lab/capture/profile-source.ts';
import type { MissingProfile, ProfileKind } from '../../../../src/run.ts';
import { countersOf, heapTypes, stacksOf } from './counters.ts';
import { type Answer, giveInTurn, say, startScriptedEndpoint, unchanged } from './scripted-endpoint.ts';

/** What a run may wait for its profiles after the phase. */
const MOST_WAIT_MS = 5000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'scripted-endpoint-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome extends CapturedProfiles {
  readonly atStart: readonly MissingProfile[];
  /** Of start and stop together. */
  readonly reasons: Partial<Record<ProfileKind, string>>;
  readonly directory: string;
  readonly stopMs: number;
}

async function capture(url: string): Promise<Outcome> {
  const directory = mkdtempSync(path.join(folder, 'run-'));
  const options = { phase: 'profiled' as const, directory, durationMs: 1000 };
  const source = goPprofSource({ url });
  const atStart = await source.start(options);
  const startedMs = performance.now();
  const stopped = await source.stop(options);
  const stopMs = performance.now() - startedMs;
  const told = [...atStart, ...stopped.missing];
  // No kind is told twice, and none is passed over.
  expect([...told, ...stopped.files].map(({ kind }) => kind).sort()).toEqual([
    'allocations',
    'block',
    'cpu',
    'goroutine',
    'heap-growth',
    'live-heap',
    'mutex',
  ]);
  return {
    ...stopped,
    atStart,
    reasons: Object.fromEntries(told.map(({ kind, reason }) => [kind, reason])),
    directory,
    stopMs,
  };
}

async function captureScripted(
  script: Readonly<Record<string, Answer>>,
  otherwise?: Answer,
): Promise<Outcome> {
  const endpoint = await startScriptedEndpoint(script, otherwise);
  try {
    return await capture(endpoint.url);
  } finally {
    await endpoint.close();
  }
}

function stacksIn({ directory }: Outcome, kind: ProfileKind): Record<string, number[]> {
  return stacksOf(Profile.decode(gunzipSync(readFileSync(path.join(directory, `${kind}.pb.gz`)))));
}

describe('an endpoint that answers as Go does', () => {
  test('gives differences of counters and the end of the rest', async () => {
    const outcome = await captureScripted({});
    expect(outcome.reasons).toEqual({});
    expect(stacksIn(outcome, 'allocations')).toEqual({
      'keep < announce': [3, 150],
      'make < announce': [1, 50],
    });
    expect(stacksIn(outcome, 'live-heap')).toEqual({
      'keep < announce': [3, 150],
      'make < announce': [1, 50],
      'make < scrape': [5, 250],
    });
    // What was freed in the phase is below 0, and what was there all along is not in it.
    expect(stacksIn(outcome, 'heap-growth')).toEqual({
      'keep < announce': [3, 150],
      'make < announce': [-1, -50],
    });
    expect(stacksIn(outcome, 'mutex')).toEqual({ 'lock < announce': [1, 100] });
    expect(stacksIn(outcome, 'block')).toEqual({ 'lock < announce': [2, 200] });
    expect(stacksIn(outcome, 'goroutine')).toEqual({ announce: [4] });
    expect(outcome.files.find(({ kind }) => kind === 'live-heap')?.source).toMatch(/no difference/);
    expect(outcome.files.find(({ kind }) => kind === 'block')?.durationNs).toBe(2e9);
  });

  test.each([
    ['sampling period=0', /no mutex fraction set/],
    ['sampling period=5', /no goroutine waited for a mutex \(one in 5 contentions is sampled\)/],
    ['', /no mutex fraction set .*, or no goroutine waited/],
  ])('and whose mutexes gain nothing, with "%s", has the reason', async (line, reason) => {
    const mutex: Answer = (response, again) =>
      again < 2 ? giveInTurn(unchanged)(response, again) : response.end(`--- mutex:\n${line}\n`);
    const outcome = await captureScripted({ mutex });
    expect(outcome.reasons).toEqual({ mutex: expect.stringMatching(reason) });
  });

  test('and samples no allocations has the reason', async () => {
    const heap = giveInTurn(countersOf({}, { types: heapTypes, period: 0 }));
    const { reasons } = await captureScripted({ heap });
    expect(reasons.allocations).toMatch(/runtime.MemProfileRate is 0/);
    expect(reasons['live-heap']).toMatch(/runtime.MemProfileRate is 0/);
    expect(reasons['heap-growth']).toMatch(/runtime.MemProfileRate is 0/);
  });

  test('and whose live heap stays as it was has the reason', async () => {
    const heap = giveInTurn(
      countersOf({ make: [1, 10, 1, 10] }, { types: heapTypes, period: 512 }),
      countersOf({ make: [2, 20, 1, 10] }, { types: heapTypes, period: 512 }),
    );
    const { reasons } = await captureScripted({ heap });
    expect(reasons).toEqual({ 'heap-growth': expect.stringMatching(/no stack holds more or less/) });
  });

  test('and whose heap is that of a program started anew has the reason for both differences', async () => {
    const heap = giveInTurn(
      countersOf({ make: [9, 90, 1, 10] }, { types: heapTypes, period: 512 }),
      countersOf({ make: [2, 20, 2, 20] }, { types: heapTypes, period: 512 }),
    );
    const { reasons } = await captureScripted({ heap });
    expect(reasons).toEqual({
      allocations: expect.stringMatching(/started anew/),
      'heap-growth': expect.stringMatching(/started anew/),
    });
  });

  test('and whose program was started anew has the reason', async () => {
    const fewer = countersOf({ lock: [1, 10] });
    const { reasons } = await captureScripted({ block: giveInTurn(unchanged, fewer) });
    expect(reasons).toEqual({ block: expect.stringMatching(/started anew/) });
  });
});

describe('an endpoint that gives no profiles', () => {
  const everywhere = async (answer: Answer): Promise<readonly string[]> => {
    const { files, reasons, directory } = await captureScripted({}, answer);
    expect(files).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
    return Object.values(reasons);
  };

  test('because net/http/pprof is not there', async () => {
    for (const reason of await everywhere(say(404, '404 page not found\n'))) {
      expect(reason).toMatch(/\/debug\/pprof\/\w+ is not served \(404\).*net\/http\/pprof/);
    }
  });

  test('because its Go does not know one of them', async () => {
    const unknown = say(404, 'Unknown profile\n', { 'X-Go-Pprof': '1' });
    const { reasons } = await captureScripted({ mutex: unknown });
    expect(reasons).toEqual({ mutex: expect.stringMatching(/this program's Go has no such profile/) });
  });

  test.each([
    [
      say(500, 'Could not enable CPU profiling: cpu profiling already in use\n'),
      /^another CPU profile is running/,
    ],
    [say(400, "profile duration exceeds server's WriteTimeout\n"), /shorter WriteTimeout/],
    [say(401, 'who\u0000 are\n\u001b[31m you?'), /answered 401 "who are \[31m you\?"$/],
    [say(302, '', { Location: 'http://192.0.2.1/' }), /answered 302$/],
  ])('because it refuses the CPU profile (%#)', async (answer, reason) => {
    const { atStart, files } = await captureScripted({ profile: answer });
    expect(atStart).toEqual([{ kind: 'cpu', reason: expect.stringMatching(reason) }]);
    expect(files.length).toBe(6);
  });

  test('because something else answers', async () => {
    for (const reason of await everywhere(say(200, '<html>Welcome to nginx</html>'))) {
      expect(reason).toMatch(/the answer is no pprof profile/);
    }
  });

  test('because its profiles are not those of Go', async () => {
    const foreign = giveInTurn(countersOf({ main: [1, 2] }, { types: ['samples', 'wall'] }));
    const { reasons, files } = await captureScripted({}, foreign);
    expect(files.map(({ kind }) => kind)).toEqual(['cpu']);
    expect(reasons.goroutine).toMatch(/value types samples, wall and not goroutine/);
  });

  test('because it closes the connection in the middle', async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('half', () => response.destroy());
    };
    for (const reason of await everywhere(cut)) expect(reason).toMatch(/closed before the answer was whole/);
  });

  test('because nothing listens', async () => {
    const endpoint = await startScriptedEndpoint({});
    await endpoint.close();
    const { files, reasons } = await capture(endpoint.url);
    expect(files).toEqual([]);
    const early = await goPprofSource({ url: endpoint.url }).probe?.();
    expect(early?.map(({ kind }) => kind).sort()).toEqual(Object.keys(reasons).sort());
    expect(new Set(early?.map(({ reason }) => reason)).size).toBe(1);
    for (const reason of Object.values(reasons)) {
      expect(reason).toContain(`nothing listens at ${endpoint.host} (connection refused; check --pprof)`);
    }
  });

  test('because it does not speak HTTP', async () => {
    const server = net.createServer((socket) =>
      socket
        .on('error', () => undefined)
        .end('SSH-2.0-x\r\n\r\n')
        .resume(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { reasons } = await capture(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await new Promise((resolve) => server.close(resolve));
    for (const reason of Object.values(reasons)) expect(reason).toMatch(/does not speak HTTP/);
  });
});

describe('an endpoint that is silent', () => {
  const silent: Answer = () => undefined;

  test.concurrent('keeps nobody waiting beyond its time', async ({ expect }) => {
    const { files, reasons, stopMs } = await captureScripted({}, silent);
    expect(files).toEqual([]);
    expect(stopMs).toBeLessThan(MOST_WAIT_MS);
    expect(reasons.allocations).toMatch(/no whole answer within \d+ ms/);
    expect(reasons.goroutine).toMatch(/no whole answer within \d+ ms/);
    expect(reasons.cpu).toMatch(/gave nothing within 2500 ms after the phase/);
  });

  test.concurrent('in the middle of an answer neither', async ({ expect }) => {
    const half: Answer = (response) => response.writeHead(200).write('half');
    const { files, stopMs } = await captureScripted({ profile: half, goroutine: half });
    expect(files.map(({ kind }) => kind)).toEqual([
      'allocations',
      'mutex',
      'block',
      'heap-growth',
      'live-heap',
    ]);
    expect(stopMs).toBeLessThan(MOST_WAIT_MS);
  });

  test.concurrent('after the phase costs no profile but its own', async ({ expect }) => {
    const heap: Answer = (response, again) => {
      if (again === 0) giveInTurn(countersOf({}, { types: heapTypes }))(response, again);
    };
    const { files, stopMs } = await captureScripted({ heap });
    expect(files.map(({ kind }) => kind)).toEqual(['cpu', 'mutex', 'block', 'goroutine']);
    expect(stopMs).toBeLessThan(MOST_WAIT_MS);
  });
});
