import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thresholdChecks } from '../../../src/analyze/export/threshold-checks.ts';
import type { ThresholdsDocument } from '../../../src/analyze/gate/check-thresholds.ts';

describe('the thresholds of a run as checks', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tracker-lab-thresholds-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (text: string) => writeFileSync(path.join(folder, 'thresholds.json'), text);

  it('are none where the run was held against none', () => {
    expect(thresholdChecks(folder)).toEqual([]);
  });

  it('pass and fail as they did, and what was not measured fails', () => {
    const document: ThresholdsDocument = {
      schemaVersion: 1,
      runId: 'a',
      passed: false,
      results: [
        { threshold: 'p95<5ms', metric: 'p95', value: 4e6, limit: 5e6, passed: true, observed: '4 ms' },
        { threshold: 'rps>=10', metric: 'rps', value: 9, limit: 10, passed: false, observed: '9 req/s' },
        {
          threshold: 'gc<5%',
          metric: 'gc',
          value: null,
          limit: 0.05,
          passed: false,
          observed: 'no GC clock',
        },
      ],
    };
    write(JSON.stringify(document));
    expect(thresholdChecks(folder).map(({ name, outcome, message }) => [name, outcome, message])).toEqual([
      ['p95<5ms', 'passed', '4 ms'],
      ['rps>=10', 'failed', '9 req/s'],
      ['gc<5%', 'failed', 'not measured: no GC clock'],
    ]);
  });

  it.each(['', '{', '[]', '{"schemaVersion":2,"results":[]}'])('are refused as %j', (text) => {
    write(text);
    expect(() => thresholdChecks(folder)).toThrow(/BAD_THRESHOLDS|expected the results of thresholds/);
  });
});
