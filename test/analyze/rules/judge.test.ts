import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../../src/analyze/finding.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { healthyCpu } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { halfBusy, type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const found = (options: SyntheticOptions): string[] =>
  judge(syntheticEvidence(options))
    .filter((finding) => finding.verdict === 'found')
    .map((finding) => finding.rule);

const collecting = drawProfile(`
  200                          450                 350
  onMessage@src/server.ts:40   Node.js             onMessage@src/server.ts:40
  encodePeers@src/encode.ts:9  Garbage Collection  touch@src/store.ts:4
`);

const logsInTheWay = drawProfile(`
  400                          600
  onMessage@src/server.ts:40   onMessage@src/server.ts:40
  writeLine@src/log.ts:7       encodePeers@src/encode.ts:12
  appendFileSync@node:fs:2300
  writeString
`);

const sending = drawProfile(`
  600                          400
  onMessage@src/server.ts:40   onMessage@src/server.ts:40
  sendReply@src/server.ts:90   encodePeers@src/encode.ts:12
  send
`);

describe('the order of the findings', () => {
  it('is by severity first: the share of errors is not that of CPU', () => {
    const findings = judge(
      syntheticEvidence({ announce: { errorReplies: 2_000 }, profiles: { cpu: logsInTheWay } }),
    ).filter(({ verdict }) => verdict === 'found');
    expect(findings.map(({ rule, severity }) => `${rule} ${severity}`).slice(0, 2)).toEqual([
      'logging critical',
      'errors-returned warning',
    ]);
    expect(findings[1]?.share).toBeGreaterThan(findings[0]?.share ?? 1);
  });

  it('is by the share that they explain within a severity', () => {
    expect(found({ profiles: { cpu: collecting } })).toEqual(['gc-pressure', 'cpu-hot-function']);
  });

  it('puts what was found before what is clear and what cannot be told', () => {
    const verdicts = judge(syntheticEvidence({ profiles: { cpu: healthyCpu }, without: ['runtime'] })).map(
      (finding) => finding.verdict,
    );
    const order = ['found', 'clear', 'insufficient-data'];
    expect(verdicts).toEqual([...verdicts].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    expect(new Set(verdicts)).toEqual(new Set(order));
  });

  it('has each rule once, by an id of the public list', () => {
    const rules = judge(syntheticEvidence()).map((finding) => finding.rule);
    expect(new Set(rules).size).toBe(rules.length);
    expect(ruleIds).toEqual(expect.arrayContaining(rules));
    expect(rules).toHaveLength(ruleIds.length);
  });

  it('is the same for the same evidence', () => {
    const options = { profiles: { cpu: collecting } };
    expect(judge(syntheticEvidence(options))).toEqual(judge(syntheticEvidence(options)));
  });
});

describe('one cause', () => {
  const kernel = {
    process: (row: { atMs: number }) => ({ cpuUserMs: row.atMs * 0.3, cpuSystemMs: row.atMs * 0.6 }),
  };

  it('is told once where a function is hot by its system calls: the hot one is what is left', () => {
    const findings = judge(syntheticEvidence({ ...kernel, profiles: { cpu: sending } }));
    const [first, second, third] = findings;
    expect(first).toMatchObject({ rule: 'syscall-bound', verdict: 'found' });
    expect(first?.subject?.function).toBe('sendReply');
    expect(second).toMatchObject({ rule: 'cpu-hot-function', verdict: 'found' });
    expect(second?.subject?.function).toBe('encodePeers');
    expect(second?.share).toBeCloseTo(0.4);
    expect(third?.verdict).not.toBe('found');
  });

  it('is told once too where a binding gives its system calls another name', () => {
    const foreign = drawProfile(`
      920                       80
      onWake@src/socket.ts:40   onWake@src/socket.ts:40
      transmit@src/libc.ts:90   encodePeers@src/encode.ts:12
      memmove
    `);
    expect(found({ ...kernel, profiles: { cpu: foreign } })).toEqual(['syscall-bound']);
  });

  it('stays two where another function is hot', () => {
    expect(found({ ...kernel, profiles: { cpu: healthyCpu } })).toEqual([
      'syscall-bound',
      'cpu-hot-function',
    ]);
  });

  it('is told once where a write to a log stalls the loop', () => {
    const stalled = judge(
      syntheticEvidence({
        profiles: { cpu: logsInTheWay },
        runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 8e6 }),
      }),
    );
    const verdicts = Object.fromEntries(stalled.map(({ rule, verdict }) => [rule, verdict]));
    expect(verdicts).toMatchObject({ logging: 'found', 'event-loop-stall': 'clear' });
    const told = stalled.find(({ rule }) => rule === 'logging');
    expect(told?.evidence.map(({ metric }) => metric)).toContain('longest event-loop delay');
  });

  it('is told once where the stalls are collections', () => {
    const rules = found({
      profiles: { cpu: collecting },
      runtime: (row, index) => ({
        eventLoopDelayNsMax: 80e6,
        gc: { ...row.gc, major: { count: index, ms: index * 70 } },
      }),
    });
    expect(rules).toEqual(['gc-pressure', 'cpu-hot-function']);
  });
});

describe('a run that the generator limited', () => {
  it('has no other verdict', () => {
    const thread = { cpuShare: 0.95, sendLagNsP50: 0, sendLagNsP99: 0, sendLagNsMax: 0 };
    const findings = judge(
      syntheticEvidence({ profiles: { cpu: collecting }, clean: { threads: [thread] }, process: halfBusy }),
    );
    expect(findings[0]).toMatchObject({ rule: 'generator-limited', verdict: 'found' });
    expect(new Set(findings.slice(1).map((finding) => finding.verdict))).toEqual(
      new Set(['insufficient-data']),
    );
    expect(findings).toHaveLength(ruleIds.length);
  });
});
