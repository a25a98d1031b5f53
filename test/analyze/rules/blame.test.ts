import { describe, expect, it } from 'vitest';
import { errorKind } from '../../../src/analyze/error-kinds.ts';
import { errorsReturned } from '../../../src/analyze/rules/errors-returned.ts';
import { receiveDrops } from '../../../src/analyze/rules/receive-drops.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { halfBusy, type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const clocks = {
  valueTypes: [
    { type: 'sample', unit: 'count' },
    { type: 'wall', unit: 'nanoseconds' },
    { type: 'cpu', unit: 'nanoseconds' },
  ],
  durationNs: 6e9,
};

/** Of 6 s: 1.2 s in what a timer starts, 1.8 s in the work of requests. */
const timer = drawProfile(
  `
  1200                                    1800
  1200000000                              1800000000
  1200000000                              1800000000
  processTimers@node:internal/timers:510  onMessage@src/server.ts:40
  addUp@src/statistics.ts:4               encodePeers@src/encode.ts:12
  `,
  clocks,
);

/** The same with a synchronous write in place of the timer. */
const writing = drawProfile(
  `
  1200                          1800
  1200000000                    1800000000
  10000000                      1800000000
  onMessage@src/server.ts:40    onMessage@src/server.ts:40
  persist@src/state.ts:4        encodePeers@src/encode.ts:12
  fsyncSync@node:fs:1300
  `,
  clocks,
);

/** Drops of a share of 146,400 requests in the clean phase of 12 s, counted at 4 samples a second. */
function dropping(share: number, cpu: typeof halfBusy): SyntheticOptions {
  return {
    process: (row) => ({
      ...cpu(row),
      socketDrops: Math.round(Math.max(0, row.atMs - 4_000) * 12.2 * share),
    }),
    announce: { timedOut: Math.round(146_400 * share) },
  };
}

const busy: typeof halfBusy = ({ atMs }) => ({ cpuUserMs: atMs * 0.97, cpuSystemMs: 0 });

describe('receive-drops names what kept the tracker from reading', () => {
  it('work that a timer starts, where it has as much of the time as was lost', () => {
    const finding = receiveDrops(
      syntheticEvidence({ ...dropping(0.15, halfBusy), profiles: { cpu: timer } }),
    );
    expect(finding.subject).toMatchObject({ function: 'addUp', file: 'src/statistics.ts' });
    expect(finding.summary).toContain('holds the thread for 20.0 % of the time, started by a timer');
    expect(finding.advice.join(' ')).toContain('off the thread');
  });

  it('a synchronous call', () => {
    const finding = receiveDrops(
      syntheticEvidence({ ...dropping(0.15, halfBusy), profiles: { cpu: writing } }),
    );
    expect(finding.subject?.function).toBe('persist');
    expect(finding.summary).toContain('synchronous calls');
  });

  it('the costliest function where the CPU is used up', () => {
    const cpu = drawProfile(
      `
      4000                          2000
      4000000000                    2000000000
      4000000000                    2000000000
      onMessage@src/server.ts:40    onMessage@src/server.ts:40
      encodePeers@src/encode.ts:12  sendReply@src/server.ts:90
                                    send
      `,
      clocks,
    );
    const finding = receiveDrops(syntheticEvidence({ ...dropping(0.3, busy), profiles: { cpu } }));
    expect(finding.subject?.function).toBe('encodePeers');
    expect(finding.summary).toContain('no CPU left');
    expect(finding.advice[0]).toContain('only delays the drops');
  });

  it('nobody where none holds the thread for as long, and says why', () => {
    const finding = receiveDrops(syntheticEvidence({ ...dropping(0.6, halfBusy), profiles: { cpu: timer } }));
    expect(finding).toMatchObject({ verdict: 'found', subject: null });
    expect(finding.summary).toContain('half as long as requests were lost');
    const blind = receiveDrops(syntheticEvidence(dropping(0.15, halfBusy)));
    expect(blind.subject).toBeNull();
    expect(blind.summary).toContain('there is no CPU profile');
  });
});

const refusing = (...frames: string[]) =>
  drawProfile(
    `
    30                                400
    onMessage@src/server.ts:40        onMessage@src/server.ts:40
    ${frames[0]?.padEnd(34)}encodePeers@src/encode.ts:12
    `,
    { valueTypes: [{ type: 'sample', unit: 'count' }] },
  );

const errors = (text: string, cpu?: ReturnType<typeof refusing>) =>
  errorsReturned(
    syntheticEvidence({
      announce: { errorReplies: 6_000 },
      clean: { errorTexts: { [text]: 6_000 } },
      ...(cpu === undefined ? {} : { profiles: { cpu } }),
    }),
  );

describe('errors-returned names the kind of error and who stands for it', () => {
  it.each([
    ['Connection ID mismatch.', 'connection id'],
    ['invalid connection', 'connection id'],
    ['rate limit exceeded', 'rate limit'],
    ['too many requests', 'rate limit'],
    ['Requested download is not authorized for use with this tracker.', 'access'],
    ['unregistered torrent', 'unknown torrent'],
    ['client is not on the list', 'access'],
    ['malformed packet', 'malformed'],
    ['internal server error', 'internal'],
    ['hm', null],
  ])('%s: %s', (text, kind) => {
    expect(errorKind(text)).toBe(kind);
  });

  it('the function whose name says that it decides, else the one that makes them', () => {
    const decides = errors('slow down', refusing('isOverLimit@src/limit.ts:9'));
    expect(decides.subject).toMatchObject({ function: 'isOverLimit', file: 'src/limit.ts' });
    expect(decides.summary).toContain('by its name, isOverLimit (src/limit.ts:9) decides them');
    expect(decides.advice[0]).toContain('one address');
    const makes = errors('slow down', refusing('writeError@src/reply.ts:9'));
    expect(makes.summary).toContain('writeError (src/reply.ts:9) makes them');
  });

  it('nobody where no name tells, or too few samples hold it', () => {
    const unnamed = errors('slow down', refusing('check@src/limit.ts:9'));
    expect(unnamed.subject).toBeNull();
    expect(unnamed.summary).toContain('no name in it tells');
    expect(errors('slow down').summary).toContain('without a CPU profile');
    const rare = refusing('isOverLimit@src/limit.ts:9');
    const few = { ...rare, values: [Float64Array.from([4, 400])] };
    expect(errors('slow down', few).subject).toBeNull();
  });

  it('the operation that is answered so', () => {
    const line = errors('slow down').evidence.find(
      ({ metric }) => metric === 'of them, to announce requests',
    );
    expect(line?.value).toBe(6_000);
  });
});
