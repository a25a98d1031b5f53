import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { type Preflight, preflight } from '../../../src/lab/target/preflight.ts';
import { sampledHashes } from '../../../src/lab/target/preflight-hashes.ts';

const CONNECT = 0;
const ANNOUNCE = 1;
const SCRAPE = 2;
const ERROR = 3;

/** The reply without its transaction id, or null for silence. */
type Answer = (request: Buffer, action: number) => { action: number; body: Buffer } | null;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A socket on loopback that answers as told, and keeps what it got. */
function serve(answer: Answer, address = '127.0.0.1'): Promise<{ port: number; requests: Buffer[] }> {
  return serveByPort(answer, address);
}

async function serveByPort(
  answer: (request: Buffer, action: number, senderPort: number) => ReturnType<Answer>,
  address = '127.0.0.1',
): Promise<{ port: number; requests: Buffer[] }> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const requests: Buffer[] = [];
  socket.on('message', (request, from) => {
    requests.push(request);
    const reply = answer(request, request.readUInt32BE(8), from.port);
    if (!reply) return;
    const head = Buffer.alloc(8);
    head.writeUInt32BE(reply.action, 0);
    request.copy(head, 4, 12, 16);
    socket.send(Buffer.concat([head, reply.body]), from.port, from.address);
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  sockets.push(socket);
  return { port: socket.address().port, requests };
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

const connectionId = words(0xaabbccdd, 0x11223344);

const tracker: Answer = (request, action) => {
  if (action === CONNECT) return { action, body: connectionId };
  if (request.compare(connectionId, 0, 8, 0, 8) !== 0) return { action: ERROR, body: Buffer.from('bad id') };
  if (action === ANNOUNCE) return { action, body: Buffer.concat([words(1800, 3, 4), Buffer.alloc(12)]) };
  return { action, body: words(4, 9, 3) };
};

const infoHash = Buffer.alloc(20, 7);

function check(port: number, address = '127.0.0.1'): Promise<Preflight> {
  return preflight({ address, port, infoHash, numWant: 50 });
}

async function failure(port: number): Promise<LabError> {
  const error = await check(port).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  expect(error).toMatchObject({ exitCode: 12 });
  return error as LabError;
}

describe('the pre-flight', () => {
  it('tells what a tracker that works answers', async () => {
    const { port, requests } = await serve(tracker);
    const result = await check(port);
    expect(result).toMatchObject({
      connectTries: 1,
      announce: { intervalSeconds: 1800, leechers: 3, seeders: 4, peers: 2 },
      scrape: { seeders: 4, completed: 9, leechers: 3 },
      scrapeRefusal: null,
      notes: [],
    });
    expect(result.rttNs).toBeGreaterThan(0);
    const [connect, announce] = requests as [Buffer, Buffer];
    expect(connect.subarray(0, 12).toString('hex')).toBe('000004172710198000000000');
    expect(announce.length).toBe(98);
    expect(announce.subarray(16, 36)).toEqual(infoHash);
    expect(announce.readInt32BE(92)).toBe(50);
  });

  it('takes its peer back', async () => {
    const { port, requests } = await serve(tracker);
    await check(port);
    await check(port);
    const events = requests
      .filter((request) => request.readUInt32BE(8) === ANNOUNCE)
      .map((r) => r.readUInt32BE(80));
    // Started, the stop that tries the id from another port, and the stop of the one that started.
    expect(events.slice(0, 4)).toEqual([2, 3, 3, 2]);
  });

  it('works over IPv6', async () => {
    const { port } = await serve(tracker, '::1');
    expect((await check(port, '::1')).announce.peers).toBe(0);
  });

  it('survives a lost connect, and replies that are not its own', async () => {
    let connects = 0;
    const { port } = await serve((request, action) => {
      if (action === CONNECT && connects++ === 0) {
        request.writeUInt32BE(0x0badf00d, 12);
        return { action, body: connectionId };
      }
      return tracker(request, action);
    });
    expect((await check(port)).connectTries).toBe(2);
  });

  it('goes on without a scrape, and says so', async () => {
    const { port } = await serve((request, action) =>
      action === SCRAPE ? { action: ERROR, body: Buffer.from('no scrape here\0') } : tracker(request, action),
    );
    const { scrape, scrapeRefusal } = await check(port);
    expect(scrape).toBeNull();
    expect(scrapeRefusal).toContain('no scrape here');
  });
});

describe('the pre-flight notes', () => {
  /** Answers `served` connects, and from then on as told. */
  function limited(served: number, beyond: Answer): Answer {
    let connects = 0;
    return (request, action) =>
      action === CONNECT && ++connects > served ? beyond(request, action) : tracker(request, action);
  }

  it.each([
    [1, 0],
    [10, 9],
  ])('a limit of %i connects that shows by silence', async (limit, accepted) => {
    const { port } = await serve(limited(limit, () => null));
    const { notes } = await check(port);
    expect(notes).toEqual([expect.stringContaining(`accepted ${accepted} of 12 further connects`)]);
    expect(notes[0]).toContain('silent');
  });

  it('a limit of connects that shows by an error, with its text', async () => {
    const { port } = await serve(limited(4, () => ({ action: ERROR, body: Buffer.from('slow down') })));
    const { notes } = await check(port);
    expect(notes).toEqual([expect.stringMatching(/accepted 3 of 12 .*slow down/)]);
  });

  it('no limit where some connects were lost on the way', async () => {
    let connects = 0;
    const { port } = await serve((request, action) =>
      action === CONNECT && [3, 6, 13].includes(++connects) ? null : tracker(request, action),
    );
    expect((await check(port)).notes).toEqual([]);
  });

  it.each([
    ['silence', null],
    ['an error', { action: ERROR, body: Buffer.from('bad connection id') }],
  ])('ids that belong to a port, shown by %s', async (_name, refusal) => {
    const { port } = await serveByPort((request, action, senderPort) => {
      const id = words(senderPort, senderPort);
      if (action === CONNECT) return { action, body: id };
      return request.compare(id, 0, 8, 0, 8) === 0 ? { action, body: words(1800, 3, 4) } : refusal;
    });
    const { notes } = await check(port);
    expect(notes).toEqual([expect.stringContaining('binds connection ids to the port')]);
  });

  it('nothing of the port where a stop is never answered', async () => {
    const { port } = await serve((request, action) =>
      action === ANNOUNCE && request.readUInt32BE(80) === 3 ? null : tracker(request, action),
    );
    expect((await check(port)).notes).toEqual([]);
  });
});

describe('the hashes to try', () => {
  it.each([
    [1, []],
    [2, [1]],
    [5, [1, 2, 3, 4]],
  ])('are all of a pool of %i besides the first', (size, expected) => {
    expect(sampledHashes(size)).toEqual(expected);
  });

  it('are spread over a large pool, the last one among them', () => {
    const tried = sampledHashes(100_000);
    expect(tried.length).toBe(15);
    expect(new Set(tried).size).toBe(15);
    expect(tried.at(-1)).toBe(99_999);
    expect(tried[0]).toBe(6_667);
  });
});

describe('the pre-flight fails', () => {
  it('as unreachable where no socket is', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    await new Promise<void>((done) => socket.close(() => done()));
    const startMs = performance.now();
    const error = await failure(port);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(error.code).toBe('TARGET_UNREACHABLE');
    expect(error.message).toContain(`udp://127.0.0.1:${port} (ECONNREFUSED)`);
  });

  it('as silent after three connects without a reply, within five seconds', async () => {
    const { port, requests } = await serve(() => null);
    const startMs = performance.now();
    const error = await failure(port);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(error.code).toBe('TARGET_SILENT');
    expect(requests.length).toBe(3);
  });

  it('with the text of the tracker that refuses the announce', async () => {
    const { port } = await serve((request, action) =>
      action === ANNOUNCE
        ? { action: ERROR, body: Buffer.from('hash not allowed') }
        : tracker(request, action),
    );
    const error = await failure(port);
    expect(error).toMatchObject({ code: 'ANNOUNCE_REFUSED' });
    expect(error.message).toContain('hash not allowed');
    expect(error.hint).toContain('whitelist');
  });

  it('on the 8-byte announce reply of a tracker with a whitelist', async () => {
    const { port } = await serve((request, action) =>
      action === ANNOUNCE ? { action, body: Buffer.alloc(0) } : tracker(request, action),
    );
    const error = await failure(port);
    expect(error).toMatchObject({ code: 'HASH_NOT_WHITELISTED' });
    expect(error.message).toContain('8 bytes');
    expect(error.message).toContain(infoHash.toString('hex'));
    expect(error.hint).toContain('tracker-lab hashes');
  });

  it.each([
    ['the 8-byte reply', { action: ANNOUNCE, body: Buffer.alloc(0) }, 'HASH_NOT_WHITELISTED'],
    ['an error', { action: ERROR, body: Buffer.from('not on the list') }, 'ANNOUNCE_REFUSED'],
  ])(
    'where a list lacks a part of the hashes, shown by %s, and says how many',
    async (_name, refusal, code) => {
      const { port, requests } = await serve((request, action) =>
        action === ANNOUNCE && (request[16] as number) % 2 === 1 ? refusal : tracker(request, action),
      );
      const hashes = Array.from({ length: 7 }, (_, index) => Buffer.alloc(20, index));
      const [first, ...otherHashes] = hashes as [Buffer, ...Buffer[]];
      const error = await preflight({
        address: '127.0.0.1',
        port,
        infoHash: first,
        otherHashes,
        numWant: 50,
      }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code, exitCode: 12 });
      expect((error as LabError).message).toContain('refuses 3 of the 7 info hashes that were tried (0101');
      const announced = (event: number) =>
        requests.filter((r) => r.readUInt32BE(8) === ANNOUNCE && r.readUInt32BE(80) === event).length;
      await expect.poll(() => announced(3)).toBe(3);
      expect(announced(2)).toBe(7);
    },
  );

  it.each([
    ['an error', { action: ERROR, body: Buffer.from('too many connects') }, 'too many connects'],
    ['a short reply', { action: CONNECT, body: Buffer.alloc(4) }, '12 bytes'],
    ['another action', { action: 7, body: Buffer.alloc(8) }, 'action 7'],
  ])('where a connect is answered by %s', async (_name, reply, message) => {
    const { port } = await serve(() => reply);
    const error = await failure(port);
    expect(error.code).toBe('CONNECT_REFUSED');
    expect(error.message).toContain(message);
  });
});
