import { describe, expect, it } from 'vitest';
import { CallTree } from '../../../src/analyze/page/call-tree.ts';
import { encodeTree } from '../../../src/analyze/page/encode-tree.ts';
import { differentialFlame, differentialGraphs, flameGraphs } from '../../../src/analyze/page/flame-data.ts';
import { renderReportPage } from '../../../src/analyze/page/report-page.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { buildReport } from '../../../src/analyze/report/build-report.ts';
import { flameClasses } from '../../../src/page-data.ts';
import { profileKinds } from '../../../src/run.ts';
import { healthyAllocations, healthyCpu, nativePerf } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { syntheticEvidence } from '../synthetic-run.ts';

function treeOf(profile: Profile): CallTree {
  const tree = new CallTree(profile.valueTypes.length);
  tree.add(
    profile,
    profile.valueTypes.map((_, index) => ({ from: index, to: index })),
  );
  return tree;
}

/** `depth name self` of each node. */
function linesOf({ texts, functions, nodes }: ReturnType<typeof encodeTree>): string[] {
  return nodes.function.map(
    (owner, index) =>
      `${nodes.depth[index]} ${texts[functions.name[owner] as number]} ${nodes.self.map((self) => self[index]).join('/')}`,
  );
}

const whole = { mostBytes: 1e6, columnsBefore: 0 };

describe('the call tree of a profile', () => {
  it('merges stacks, the costliest child first', () => {
    const encoded = encodeTree(
      treeOf(
        drawProfile(`
          1        2        4        8
          a@a.ts   a@a.ts   a@a.ts   d@d.ts
          b@b.ts   c@c.ts   b@b.ts
        `),
      ),
      whole,
    );
    expect(linesOf(encoded)).toEqual(['0 d 8', '0 a 0', '1 b 5', '1 c 2']);
    expect(encoded.prunedNodes).toBe(0);
  });

  it('merges the lines of a function and shows the costliest', () => {
    const { functions, nodes } = encodeTree(
      treeOf(
        drawProfile(`
          1          5
          a@a.ts:10  a@a.ts:20
        `),
      ),
      whole,
    );
    expect(nodes.self).toEqual([[6]]);
    expect(functions.line).toEqual([20]);
  });

  it('gives frames of the kernel a class of their own', () => {
    const [graph] = flameGraphs(syntheticEvidence({ profiles: { perf: nativePerf } }));
    const classOf = (name: string): string => {
      const owner = graph?.functions.name.findIndex((text) => graph.texts[text] === name) ?? -1;
      return flameClasses[graph?.functions.class[owner] ?? -1] ?? 'none';
    };
    expect([classOf('reply'), classOf('sendto'), classOf('udp_sendmsg')]).toEqual([
      'application',
      'syscall',
      'kernel',
    ]);
  });

  it('prunes small nodes to fit its budget and keeps every total', () => {
    const samples = Array.from({ length: 3000 }, (_, index) => index + 1);
    const profile: Profile = {
      ...drawProfile('1\na@a.ts'),
      frames: samples.map((index) => ({
        functionName: `function${index}`,
        file: 'x.ts',
        line: 1,
        runtime: 'v8',
        class: 'application',
      })),
      stackStart: Uint32Array.from([0, ...samples.map((index) => index * 2)]),
      stackFrames: Uint32Array.from(samples.flatMap((index) => [index - 1, 0])),
      values: [Float64Array.from(samples)],
      sampleCount: samples.length,
    };
    const encoded = encodeTree(treeOf(profile), { mostBytes: 10_000, columnsBefore: 0 });
    expect(JSON.stringify(encoded).length).toBeLessThanOrEqual(10_000);
    expect(encoded.prunedNodes).toBeGreaterThan(1000);
    expect(encoded.nodes.self[0]?.reduce((sum, value) => sum + value, 0)).toBe((3000 * 3001) / 2);
    expect(linesOf(encoded).at(-1)).toMatch(
      new RegExp(`^1 \\(pruned: ${encoded.prunedNodes} small frames\\) \\d+$`),
    );
  });

  it('ends a recursion of 100,000 frames with a frame that says so', () => {
    const depth = 100_000;
    const profile: Profile = {
      ...drawProfile('7\na@a.ts'),
      stackStart: Uint32Array.from([0, depth]),
      stackFrames: new Uint32Array(depth),
    };
    const encoded = encodeTree(treeOf(profile), whole);
    expect(linesOf(encoded).at(-1)).toBe('256 (pruned: deeper frames) 7');
  });

  it('names the samples that have no stack', () => {
    const profile: Profile = {
      ...drawProfile('7\na@a.ts'),
      stackStart: Uint32Array.from([0, 0]),
      stackFrames: new Uint32Array(0),
    };
    expect(linesOf(encodeTree(treeOf(profile), whole))).toEqual(['0 (no stack) 7']);
  });

  it('cuts a name of any length', () => {
    const encoded = encodeTree(treeOf(drawProfile(`1\n${'x'.repeat(5000)}@a.ts`)), whole);
    expect(encoded.texts[0]).toHaveLength(301);
  });
});

describe('the graphs of a run', () => {
  it('are one a profile and open with the value that the tables have', () => {
    const graphs = flameGraphs(
      syntheticEvidence({ profiles: { allocations: healthyAllocations, cpu: healthyCpu } }),
    );
    expect(
      graphs.map(({ id, valueTypes, defaultValue }) => `${id} ${valueTypes[defaultValue]?.type}`),
    ).toEqual(['cpu cpu', 'allocations alloc_space']);
    expect(graphs[0]?.about).toBe(
      'cpu.pb.gz: 6 s of the profiled phase, one sample every 1,000 microseconds, by @datadog/pprof 5.20.0.',
    );
  });
});

describe('the graph of what the live heap grew by', () => {
  /** 5 MB more in one stack, 2 MB less in another. */
  const drawn = drawProfile(
    `
    5000000    2000000
    a@a.ts     a@a.ts
    grew@g.ts  shrank@s.ts
    `,
    { valueTypes: [{ type: 'inuse_space', unit: 'bytes' }] },
  );
  const mixed = {
    ...drawn,
    values: drawn.values.map((values) => values.map((value) => (value === 2e6 ? -value : value))),
  };

  it('shows growth alone and says what it leaves out', () => {
    const [graph] = flameGraphs(syntheticEvidence({ profiles: { 'heap-growth': mixed } }));
    expect(graph?.id).toBe('heap-growth');
    expect(graph?.nodes.function.map((owner) => graph.texts[graph.functions.name[owner] as number])).toEqual([
      'a',
      'grew',
    ]);
    expect(graph?.about).toContain(
      'Only stacks whose part of the heap grew are shown; 2.00 MB of other stacks',
    );
  });

  it('says of a profile of what was kept what it is', () => {
    const [graph] = flameGraphs(syntheticEvidence({ profiles: { 'heap-growth': drawn } }));
    expect(graph?.about).toMatch(/ What was allocated in that time and kept\.$/);
  });
});

describe('the page of a run with large profiles', () => {
  /** Thousands of functions with long names full of what JSON and HTML must escape, each stack of its own. */
  function largeProfile(seed: number): Profile {
    const functions = 4000;
    const samples = 1500;
    const depth = 30;
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state % below;
    };
    return {
      ...drawProfile('1\na@a.ts'),
      frames: Array.from({ length: functions }, (_, index) => ({
        functionName: `std::vec<std::map<"string", ${'<'.repeat(index % 200)}>>::function${index}`,
        file: `src/module${index % 50}/file${index}.ts`,
        line: index,
        runtime: 'v8',
        class: 'application',
      })),
      stackStart: Uint32Array.from({ length: samples + 1 }, (_, sample) => sample * depth),
      stackFrames: Uint32Array.from({ length: samples * depth }, () => random(functions)),
      values: [Float64Array.from({ length: samples }, () => 1 + random(1e9))],
      sampleCount: samples,
    };
  }

  it('stays under 1.5 MB with every kind of profile', () => {
    const evidence = syntheticEvidence({
      profiles: Object.fromEntries(profileKinds.map((kind, index) => [kind, largeProfile(index + 1)])),
    });
    const report = buildReport(evidence, { history: { rows: [], brokenLines: 0 }, runs: [] });
    const page = renderReportPage(report, evidence, []);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(1_500_000);
    expect(page).toContain('(pruned: ');
    expect(flameGraphs(evidence).map(({ id }) => id)).toEqual(expect.arrayContaining([...profileKinds]));
  });
});

describe('the differential graph of two runs', () => {
  const before = drawProfile(`
    300        100
    a@a.ts     a@a.ts
    old@o.ts   b@b.ts
  `);
  const after = drawProfile(`
    400        500
    a@a.ts     a@a.ts
    b@b.ts     new@n.ts
  `);

  it('divides each side by its own requests and keeps what only one side has', () => {
    const graph = differentialFlame({
      before: { label: 'v1', profiles: [before], requests: 100 },
      after: { label: 'v2', profiles: [after], requests: 200 },
    });
    const lines = graph?.nodes.function.map((owner, index) => {
      const name = graph.texts[graph.functions.name[owner] as number];
      return `${name} ${graph.nodes.selfBefore?.[0]?.[index]} ${graph.nodes.self[0]?.[index]}`;
    });
    expect(lines?.sort()).toEqual(['a 0 0', 'b 1 2', 'new 0 2.5', 'old 3 0']);
    expect(graph?.differential).toEqual({ before: 'v1', after: 'v2' });
  });

  it('leaves out what was idle: how long a tracker waited is no cost of a request', () => {
    const idle = drawProfile(`
      300     900
      a@a.ts  (idle)
    `);
    const graph = differentialFlame({
      before: { label: 'v1', profiles: [idle], requests: 100 },
      after: { label: 'v2', profiles: [idle], requests: 300 },
    });
    expect(graph?.functions.name.map((name) => graph.texts[name])).toEqual(['a']);
    expect([graph?.nodes.selfBefore?.[0]?.[0], graph?.nodes.self[0]?.[0]]).toEqual([3, 1]);
  });

  it('shows no change where a run took twice the requests at twice the cost', () => {
    const twice = { ...before, values: before.values.map((values) => values.map((value) => value * 2)) };
    const graph = differentialFlame({
      before: { label: 'v1', profiles: [before], requests: 100 },
      after: { label: 'v2', profiles: [twice], requests: 200 },
    });
    expect(graph?.nodes.self).toEqual(graph?.nodes.selfBefore);
  });

  it('is not there where the profiles share no value type', () => {
    const graph = differentialFlame({
      before: { label: 'v1', profiles: [before], requests: 1 },
      after: { label: 'v2', profiles: [healthyAllocations], requests: 1 },
    });
    expect(graph).toBeNull();
  });

  it('is made for every kind that both runs have', () => {
    const one = syntheticEvidence({ profiles: { cpu: before, allocations: healthyAllocations } });
    const two = syntheticEvidence({ profiles: { cpu: after } });
    const graphs = differentialGraphs({ label: 'v1', runs: [one] }, { label: 'v2', runs: [two] });
    expect(graphs.map(({ id }) => id)).toEqual(['cpu']);
    expect(graphs[0]?.about).toBe('Per request: 73,200 requests answered before, 73,200 after.');
  });
});
