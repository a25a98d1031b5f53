import { expect, test } from 'vitest';
import { drawProfile } from './draw-profile.ts';

test('a drawing becomes frames with file, line, runtime and class, and stacks leaf first', () => {
  const profile = drawProfile(`
    10                        4
    onMessage@src/a.ts:40     Node.js
    Socket.send@node:dgram:7  Garbage Collection
    lockSlow!lock
  `);
  expect(profile.frames).toEqual([
    { functionName: 'onMessage', file: 'src/a.ts', line: 40, runtime: 'v8', class: 'application' },
    { functionName: 'Socket.send', file: 'node:dgram', line: 7, runtime: 'v8', class: 'network' },
    { functionName: 'lockSlow', file: '', line: 0, runtime: 'v8', class: 'lock' },
    { functionName: 'Node.js', file: '', line: 0, runtime: 'v8', class: 'runtime' },
    { functionName: 'Garbage Collection', file: '', line: 0, runtime: 'v8', class: 'gc' },
  ]);
  expect([...profile.stackStart]).toEqual([0, 3, 5]);
  expect([...profile.stackFrames]).toEqual([2, 1, 0, 4, 3]);
  expect(profile.values).toEqual([Float64Array.of(10, 4)]);
});

test('samples without a row of values count 1', () => {
  expect(drawProfile('a@a.ts  b@b.ts').values).toEqual([Float64Array.of(1, 1)]);
});

test('a cell out of line, a short row of values and an unknown class are refused', () => {
  expect(() => drawProfile('a@a.ts  b@b.ts\n        send')).not.toThrow();
  expect(() => drawProfile('a@a.ts  b@b.ts\n         send')).toThrow(/starts at column 9/);
  expect(() => drawProfile('a@a.ts  b@b.ts\n1')).toThrow(/needs 2 cells/);
  expect(() => drawProfile('a@a.ts!fast')).toThrow(/no class fast/);
});
