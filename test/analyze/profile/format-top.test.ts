import { expect, test } from 'vitest';
import { formatTop } from '../../../src/analyze/profile/format-top.ts';
import { topTable } from '../../../src/analyze/profile/top-table.ts';
import { drawProfile } from './draw-profile.ts';

const profile = drawProfile(
  `
  1500000000             400000000              60000000               5000000
  onMessage@src/a.ts:10  onMessage@src/a.ts:10  onMessage@src/a.ts:10  tick@src/a.ts:90
  encode@src/b.ts:5      send
  `,
  { durationNs: 4e9, timeNs: 1.7e18 },
);

test('a top table reads as pprof prints it', () => {
  expect(formatTop(topTable(profile, { count: 2 }))).toBe(
    [
      'Type: cpu',
      'Time: 2023-11-14 22:13:20 UTC',
      'Duration: 4s, Total samples = 1965ms (49.12%)',
      'Showing nodes accounting for 1900ms, 96.69% of 1965ms total',
      'Dropped 1 node (cum <= 9.82ms)',
      'Showing top 2 nodes out of 3',
      '      flat  flat%   sum%        cum   cum%',
      '    1500ms 76.34% 76.34%     1500ms 76.34%  encode',
      '     400ms 20.36% 96.69%      400ms 20.36%  send',
      '',
    ].join('\n'),
  );
});

test('files and lines stand behind the name', () => {
  const byLine = formatTop(topTable(profile, { count: 1, granularity: 'lines' }));
  expect(byLine).toContain('  encode src/b.ts:5\n');
  const byFile = formatTop(topTable(profile, { count: 2, granularity: 'filefunctions' }));
  expect(byFile).toContain('  encode src/b.ts\n');
  expect(byFile).toContain('  send\n');
});

test('a profile without samples has a header and no rows', () => {
  expect(formatTop(topTable(drawProfile('')))).toBe(
    'Type: cpu\nShowing nodes accounting for 0, 0% of 0 total\n      flat  flat%   sum%        cum   cum%\n',
  );
});
