import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  formatProfileTables,
  type ProfileTablesOptions,
  profileFileTables,
} from '../../../src/analyze/profile/profile-file-tables.ts';
import { encodePprof } from './encode-pprof.ts';

function tablesOf(file: string, options: ProfileTablesOptions): string {
  return formatProfileTables(profileFileTables(file, options));
}

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'describe-profile-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

test('a file is described by the raw table and the charged one', () => {
  const file = path.join(directory, 'cpu.pb');
  writeFileSync(file, encodePprof());
  expect(tablesOf(file, { count: 10 })).toBe(
    [
      'Type: cpu',
      'Showing nodes accounting for 3ms, 100% of 3ms total',
      '      flat  flat%   sum%        cum   cum%',
      '       3ms   100%   100%        3ms   100%  encode',
      '         0     0%   100%        3ms   100%  main',
      '',
      'Charged to the nearest application function:',
      '     value value%',
      '       3ms   100%  encode src/encode.ts:8',
      '',
    ].join('\n'),
  );
});

test('rows beyond the first N are counted, and leaves are named', () => {
  const file = path.join(directory, 'more.pb');
  const strings = ['', 'cpu', 'nanoseconds', 'main', 'src/main.ts', 'send', 'tick'];
  writeFileSync(
    file,
    encodePprof({
      strings,
      sampleTypes: [[1, 2]],
      samples: [
        { locations: [2, 1], values: [3000] },
        { locations: [1], values: [1000] },
        { locations: [3], values: [900] },
      ],
      functions: [
        [1, 3, 4],
        [2, 5, 0],
        [3, 6, 4],
      ],
      locations: [1, 2, 3].map((id) => ({ id, lines: [[id, 0]] })),
    }),
  );
  const text = tablesOf(file, { count: 1, valueType: 'cpu' });
  expect(text).toContain('       4us 81.63%  main src/main.ts (via send 75%, self 25%)\nand 1 more\n');
});

test('a missing file and a bad one are named', () => {
  const missing = path.join(directory, 'missing.pb.gz');
  expect(() => tablesOf(missing, { count: 10 })).toThrow(missing);
  const bad = path.join(directory, 'bad.pb.gz');
  writeFileSync(bad, 'nothing of the sort');
  expect(() => tablesOf(bad, { count: 10 })).toThrow(bad);
});
