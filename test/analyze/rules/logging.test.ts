import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { logging } from '../../../src/analyze/rules/logging.ts';
import { healthyCpu } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { syntheticEvidence } from '../synthetic-run.ts';

const consoleLog = drawProfile(`
  300                                         100                                         600
  onMessage@src/server.ts:40                  onMessage@src/server.ts:40                  onMessage@src/server.ts:40
  describe@src/server.ts:60                   describe@src/server.ts:60                   encodePeers@src/encode.ts:12
  log@node:internal/console/constructor:380   log@node:internal/console/constructor:380
  writeUtf8String                             formatWithOptions@node:internal/util/inspect:9
`);

const nodeLog = (cpu: Profile) => logging(syntheticEvidence({ profiles: { cpu } }));

describe('logging of a Node program', () => {
  it('is found by the stacks through a console, and names who writes', () => {
    const finding = nodeLog(consoleLog);
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.4);
    expect(finding.severity).toBe('critical');
    expect(finding.subject).toEqual({ function: 'describe', file: 'src/server.ts', line: 60 });
    expect(finding.summary).toContain('console');
    expect(finding.advice.at(-1)).toMatch(/^To confirm/);
  });

  it.each([
    ['appendFileSync@node:fs:2300', 'writeFileSync@node:fs:2200', 'writeString'],
    ['writeSync@node:fs:800', 'writeBuffer'],
    ['write@/app/node_modules/sonic-boom/index.js:200', 'writeString'],
    [
      'Writable.write@node:internal/streams/writable:500',
      'writeGeneric@node:internal/stream_base_commons:150',
      'writeUtf8String',
    ],
  ])('is found through %s', (...frames) => {
    const stack = ['onMessage@src/server.ts:40', 'note@src/server.ts:70', ...frames];
    const finding = nodeLog(drawProfile(stack.join('\n')));
    expect(finding).toMatchObject({ verdict: 'found', share: 1 });
    expect(finding.subject?.function).toBe('note');
  });

  it('is not a file that is written whole, a reply over HTTP, or a datagram', () => {
    for (const frames of [
      ['writeFileSync@node:fs:2200', 'writeFileUtf8'],
      [
        'end@node:_http_outgoing:900',
        'writeGeneric@node:internal/stream_base_commons:150',
        'writeUtf8String',
      ],
      ['send@node:dgram:600', 'send'],
    ]) {
      const finding = nodeLog(drawProfile(['onMessage@src/server.ts:40', ...frames].join('\n')));
      expect(finding.verdict).toBe('clear');
    }
  });

  it('counts a function whole that says that it logs and does', () => {
    const cpu = drawProfile(`
      200                          200                          600
      onMessage@src/server.ts:40   onMessage@src/server.ts:40   onMessage@src/server.ts:40
      logRequest@src/server.ts:9   logRequest@src/server.ts:9   encodePeers@src/encode.ts:12
      writeSync@node:fs:800
    `);
    expect(nodeLog(cpu).share).toBeCloseTo(0.4);
  });

  it('sees a write that blocks in wall time', () => {
    const cpu = drawProfile(
      `
      500                          500
      1                            500
      onMessage@src/server.ts:40   onMessage@src/server.ts:40
      writeSync@node:fs:800        encodePeers@src/encode.ts:12
      `,
      {
        valueTypes: [
          { type: 'wall', unit: 'nanoseconds' },
          { type: 'cpu', unit: 'nanoseconds' },
        ],
      },
    );
    expect(nodeLog(cpu).share).toBeCloseTo(0.5);
  });

  it('is clear of a healthy tracker, and cannot be told without a profile', () => {
    expect(nodeLog(healthyCpu).verdict).toBe('clear');
    expect(logging(syntheticEvidence()).verdict).toBe('insufficient-data');
  });
});

describe('logging of other programs', () => {
  it('is found in Go through log, fmt and a file, and not through a buffer or a socket', () => {
    const go = (...frames: string[]) =>
      logging(
        syntheticEvidence({
          target: { runtime: 'go1.26.8' },
          profiles: {
            cpu: drawProfile(['main.serve@/app/main.go:50', ...frames].join('\n'), { runtime: 'go' }),
          },
        }),
      ).verdict;
    expect(go('log.Printf@log/log.go:1', 'fmt.Fappendf@fmt/print.go:1')).toBe('found');
    expect(go('fmt.Printf@fmt/print.go:1')).toBe('found');
    expect(go('os.(*File).Write@os/file.go:1', 'syscall.write@syscall/z.go:1')).toBe('found');
    expect(go('fmt.Fprintf@fmt/print.go:1')).toBe('clear');
    expect(
      go('net.(*UDPConn).WriteToUDP@net/udpsock.go:1', 'internal/poll.(*FD).WriteTo@internal/poll/fd.go:1'),
    ).toBe('clear');
  });

  it('is found in C through stdio and the kernel’s file write, and not through snprintf or a socket', () => {
    const native = (...frames: string[]) =>
      logging(
        syntheticEvidence({
          target: { runtime: null, kind: 'command' },
          profiles: {
            perf: drawProfile(['serve@/src/main.c:9', ...frames].join('\n'), { runtime: 'native' }),
          },
        }),
      ).verdict;
    expect(native('fprintf!library', '__vfprintf_internal!library')).toBe('found');
    expect(
      native('write', 'ksys_write@[kernel]', 'vfs_write@[kernel]', 'ext4_file_write_iter@[kernel]'),
    ).toBe('found');
    expect(native('snprintf!library', '__vfprintf_internal!library')).toBe('clear');
    expect(native('sendto', 'udp_sendmsg@[kernel]')).toBe('clear');
  });
});

describe('a tracker that logs', () => {
  it('is told of once: neither system calls nor a hot function', () => {
    const process = (row: { atMs: number }) => ({ cpuUserMs: row.atMs * 0.3, cpuSystemMs: row.atMs * 0.6 });
    const cpu = drawProfile(`
      900                          60
      onMessage@src/server.ts:40   onMessage@src/server.ts:40
      note@src/server.ts:70        encodePeers@src/encode.ts:12
      writeSync@node:fs:800
      writeString
    `);
    const found = judge(syntheticEvidence({ profiles: { cpu }, process })).filter(
      ({ verdict }) => verdict === 'found',
    );
    expect(found.map(({ rule }) => rule)).toEqual(['logging']);
  });
});
