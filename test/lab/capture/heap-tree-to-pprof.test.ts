import { Profile } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import {
  type HeapConversion,
  type HeapNode,
  heapTreeToPprof,
} from '../../../src/lab/capture/heap-tree-to-pprof.ts';
import { readPprof } from './read-pprof.ts';

function node(
  name: string,
  allocations: HeapNode['allocations'],
  children: readonly HeapNode[] = [],
): HeapNode {
  return { name, scriptName: 'a.js', lineNumber: 3, columnNumber: 1, allocations, children };
}

function convert(root: HeapNode, options: Partial<HeapConversion> = {}) {
  const conversion: HeapConversion = {
    kind: 'alloc',
    intervalBytes: 4096,
    locate: ({ name, file, line }) => ({ name: name ?? '', file, line: line ?? 0 }),
    timeNanos: 1,
    durationNanos: 2,
    externalBytes: 0,
    ...options,
  };
  return readPprof(Profile.decode(heapTreeToPprof(root, conversion).encode()));
}

const tree = node(
  '(root)',
  [],
  [
    node(
      'outer',
      [{ sizeBytes: 100, count: 2 }],
      [
        node('inner', [
          { sizeBytes: 10, count: 3 },
          { sizeBytes: 20, count: 1 },
        ]),
      ],
    ),
  ],
);

describe('a heap tree', () => {
  it('becomes one sample a stack, objects and bytes added up over sizes', () => {
    const profile = convert(tree);
    expect(profile).toMatchObject({
      types: ['alloc_objects/count', 'alloc_space/bytes'],
      defaultType: 'alloc_space',
      period: 4096,
      durationNanos: 2,
    });
    expect(profile.samples).toEqual([
      { stack: ['outer a.js:3'], values: [2, 200], thread: undefined },
      { stack: ['inner a.js:3', 'outer a.js:3'], values: [4, 50], thread: undefined },
    ]);
  });

  it('keeps what was allocated with no function on the stack', () => {
    const profile = convert(node('(root)', [{ sizeBytes: 8, count: 5 }]));
    expect(profile.samples).toEqual([{ stack: ['(root) :0'], values: [5, 40], thread: undefined }]);
  });

  it('of the live heap has the off-heap bytes as one frame', () => {
    const profile = convert(tree, { kind: 'inuse', externalBytes: 777 });
    expect(profile.types).toEqual(['inuse_objects/count', 'inuse_space/bytes']);
    expect(profile.samples.at(-1)).toEqual({ stack: ['(external) :0'], values: [1, 777], thread: undefined });
  });

  it('may be deep', () => {
    let deep = node('leaf', [{ sizeBytes: 1, count: 1 }]);
    for (let depth = 0; depth < 2000; depth++) deep = node(`f${depth}`, [], [deep]);
    expect(convert(node('(root)', [], [deep])).samples[0]?.stack.length).toBe(2001);
  });
});
