import { describe, expect, test } from 'vitest';
import { type PprofTop, topTable } from '../../../src/analyze/profile/top-table.ts';
import { LabError } from '../../../src/errors.ts';
import { drawProfile } from './draw-profile.ts';

function figures(top: PprofTop): (readonly [string, number, number, number])[] {
  return top.rows.map((row) => [row.functionName, row.flat, row.cum, row.sumPercent]);
}

const tracker = drawProfile(
  `
  30                     50                     20
  onMessage@src/a.ts:10  onMessage@src/a.ts:11  onMessage@src/a.ts:10
  encode@src/b.ts:5      send
  `,
  { durationNs: 200 },
);

describe('topTable', () => {
  test('counts flat where a function is the leaf and cum where it is anywhere in the stack', () => {
    const top = topTable(tracker);
    expect(figures(top)).toEqual([
      ['send', 50, 50, 50],
      ['encode', 30, 30, 80],
      ['onMessage', 20, 100, 100],
    ]);
    expect(top).toMatchObject({
      total: 100,
      durationNs: 200,
      omittedRows: 0,
      droppedRows: 0,
      shownFlat: 100,
    });
    expect(top.rows[1]).toMatchObject({
      flatPercent: 30,
      cumPercent: 30,
      file: 'src/b.ts',
      class: 'application',
    });
  });

  test('counts a recursive function once a sample', () => {
    const profile = drawProfile(`
      7
      walk@src/a.ts:1
      walk@src/a.ts:2
      walk@src/a.ts:1
    `);
    expect(figures(topTable(profile))).toEqual([['walk', 7, 7, 100]]);
  });

  test('sorts by cum on demand, and equal sizes by name', () => {
    const profile = drawProfile(`
      5              5               5
      root@src/a.ts  root@src/a.ts   root@src/a.ts
      beta@src/a.ts  alpha@src/a.ts
    `);
    expect(figures(topTable(profile)).map(([name]) => name)).toEqual(['alpha', 'beta', 'root']);
    const byCum = topTable(profile, { sort: 'cum' });
    expect(byCum.rows.map((row) => row.functionName)).toEqual(['root', 'alpha', 'beta']);
  });

  test('takes the first N rows, counts the others, and takes all for 0', () => {
    const two = topTable(tracker, { count: 2 });
    expect(two.rows).toHaveLength(2);
    expect(two.omittedRows).toBe(1);
    expect(two.shownFlat).toBe(80);
    expect(topTable(tracker, { count: 0 }).rows).toHaveLength(3);
  });

  test('drops rows under half a percent before it takes the first N', () => {
    const profile = drawProfile(`
      996       4           5
      big@a.ts  small@a.ts  edge@a.ts
    `);
    // 1005 × 0.005 = 5.025, cut to 5: a row of 5 stays, as in pprof.
    const top = topTable(profile);
    expect(top.rows.map((row) => row.functionName)).toEqual(['big', 'edge']);
    expect(top).toMatchObject({ droppedRows: 1, omittedRows: 1 });
  });

  test('merges equal names across files unless asked for files or lines', () => {
    const profile = drawProfile(`
      1                     2                       4
      onMessage@src/a.ts:1  onMessage@node:dgram:9  onMessage@src/a.ts:2
    `);
    expect(topTable(profile).rows).toMatchObject([
      { flat: 7, file: 'src/a.ts', line: 2, class: 'application' },
    ]);
    const byFile = topTable(profile, { granularity: 'filefunctions' });
    expect(byFile.rows.map((row) => [row.file, row.flat])).toEqual([
      ['src/a.ts', 5],
      ['node:dgram', 2],
    ]);
    const byLine = topTable(profile, { granularity: 'lines' });
    expect(byLine.rows.map((row) => [row.file, row.line, row.flat])).toEqual([
      ['src/a.ts', 2, 4],
      ['node:dgram', 9, 2],
      ['src/a.ts', 1, 1],
    ]);
  });

  test('takes line and class of a row from its costliest frame by flat, then by cum', () => {
    const profile = drawProfile(`
      9                2
      call@src/a.ts:3  call@src/a.ts:4
      send
    `);
    expect(topTable(profile).rows.find((row) => row.functionName === 'call')).toMatchObject({
      line: 4,
      flat: 2,
    });
    const onlyCum = drawProfile(`
      9                2
      call@src/a.ts:3  call@src/a.ts:4
      send             send
    `);
    expect(topTable(onlyCum).rows.find((row) => row.functionName === 'call')).toMatchObject({
      line: 3,
      flat: 0,
    });
  });

  test('adds up absolute values, so that a difference of profiles has a total', () => {
    const profile = drawProfile(`
      -60        40         0
      less@a.ts  more@a.ts  none@a.ts
    `);
    const top = topTable(profile);
    expect(top.total).toBe(100);
    expect(figures(top)).toEqual([
      ['less', -60, -60, -60],
      ['more', 40, 40, -20],
    ]);
  });

  test('shows the value type that is asked for, and names those that there are', () => {
    const profile = drawProfile(
      `
      1         3
      900       100
      big@a.ts  often@a.ts
      `,
      {
        valueTypes: [
          { type: 'alloc_objects', unit: 'count' },
          { type: 'alloc_space', unit: 'bytes' },
        ],
      },
    );
    expect(topTable(profile)).toMatchObject({
      total: 1000,
      valueType: { type: 'alloc_space', unit: 'bytes' },
    });
    expect(topTable(profile, { valueType: 'alloc_objects' }).rows[0]).toMatchObject({
      functionName: 'often',
      flat: 3,
    });
    expect(() => topTable(profile, { valueType: 'cpu' })).toThrow(LabError);
    expect(() => topTable(profile, { valueType: 'cpu' })).toThrow(/alloc_objects, alloc_space/);
  });

  test('has no rows where there are no samples', () => {
    expect(topTable(drawProfile(''))).toMatchObject({ total: 0, rows: [], omittedRows: 0 });
  });
});
