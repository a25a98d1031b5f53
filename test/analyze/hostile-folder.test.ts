/** Files of a run's folder that wait, have no end, are larger than the memory or unpack to it: a typed error, soon. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import { exportRun } from '../../src/analyze/export/export-run.ts';
import { greatest, least } from '../../src/analyze/extremes.ts';
import { appendHistory, historyRow, readHistory } from '../../src/analyze/history.ts';
import { loadRun } from '../../src/analyze/load-run.ts';
import { profileFileTables } from '../../src/analyze/profile/profile-file-tables.ts';
import { findPair } from '../../src/cli/find-side.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import { LabError } from '../../src/errors.ts';
import { printable } from '../../src/printable.ts';
import { command } from '../cli/command.ts';
import { syntheticRun, writeSyntheticRun } from './synthetic-run.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'hostile-folder-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof LabError) return error.code;
    throw error;
  }
  return 'no error';
}

const makers: Readonly<Record<string, (file: string) => void>> = {
  'a pipe': (file) => execFileSync('mkfifo', [file]),
  'a device without end': (file) => symlinkSync('/dev/zero', file),
  'a sparse file of 10 GB': (file) => {
    writeFileSync(file, '');
    truncateSync(file, 10 * 1024 ** 3);
  },
  'a folder': (file) => mkdirSync(file),
};

describe.skipIf(process.platform !== 'linux').each(Object.entries(makers))('%s', (_, make) => {
  it('in place of the history is refused', () => {
    const file = path.join(root, 'history.jsonl');
    make(file);
    expect(codeOf(() => readHistory(file))).toBe('HISTORY_UNREADABLE');
  });

  it('in place of the history gets no line', async () => {
    const { report } = await analyzeRun(writeSyntheticRun(root));
    const file = path.join(root, 'history.jsonl');
    rmSync(file, { force: true });
    make(file);
    expect(codeOf(() => appendHistory(file, historyRow(report)))).toBe('OUT_NOT_WRITABLE');
  });

  it('in place of the config file is refused', () => {
    make(path.join(root, 'lab.config.json'));
    expect(codeOf(() => readConfig(undefined, root))).toBe('CONFIG_UNREADABLE');
  });

  it('in place of a list of info hashes is refused', async () => {
    const file = path.join(root, 'hashes.txt');
    make(file);
    const { exitCode, stderr } = await command(['--info-hashes', file, '--print-config'], root);
    expect([exitCode, stderr.split(':')[0]]).toEqual([2, 'INFO_HASHES_UNREADABLE']);
  });

  it('in place of report.json is refused by an export', async () => {
    const directory = writeSyntheticRun(root);
    make(path.join(directory, 'report.json'));
    await expect(exportRun(directory, { format: 'junit', exporter: 'test' })).rejects.toBeInstanceOf(
      LabError,
    );
  });

  it('in place of run.json belongs to no suite', () => {
    const directory = path.join(root, '20260102-030405-heavy');
    mkdirSync(directory);
    make(path.join(directory, 'run.json'));
    expect(codeOf(() => findPair(root, root, root))).toBe('NO_SUCH_RUN');
  });
});

it('a link in place of the history is not written through', async () => {
  const { report } = await analyzeRun(writeSyntheticRun(root));
  const [file, secret] = ['history.jsonl', 'secret'].map((name) => path.join(root, name)) as [string, string];
  writeFileSync(secret, 'mine\n');
  rmSync(file, { force: true });
  symlinkSync(secret, file);
  expect(codeOf(() => appendHistory(file, historyRow(report)))).toBe('OUT_NOT_WRITABLE');
  expect(readFileSync(secret, 'utf8')).toBe('mine\n');
});

describe('a profile that is named', () => {
  it.skipIf(process.platform !== 'linux')('is not read without end', () => {
    const file = path.join(root, 'x.pb.gz');
    symlinkSync('/dev/zero', file);
    expect(codeOf(() => profileFileTables(file, { count: 1 }))).toBe('UNREADABLE_FILE');
  });

  it('is not read past 256 MiB', () => {
    const file = path.join(root, 'x.pb.gz');
    writeFileSync(file, '');
    truncateSync(file, 256 * 1024 ** 2 + 1);
    expect(codeOf(() => profileFileTables(file, { count: 1 }))).toBe('UNREADABLE_FILE');
  });
});

describe('a config file', () => {
  it('of more than 256 KiB is refused; one with as many mistakes as fit ends in a line, soon', () => {
    const file = path.join(root, 'lab.config.json');
    writeFileSync(file, `{}${' '.repeat(256 * 1024)}`);
    expect(codeOf(() => readConfig(undefined, root))).toBe('CONFIG_UNREADABLE');
    const mistakes = Array.from({ length: 15_000 }, (_, index) => `"${index}":{"x":1}`);
    writeFileSync(file, `{"trackers":{${mistakes.join(',')}}}`);
    const startMs = performance.now();
    let line = '';
    try {
      readConfig(undefined, root);
    } catch (error) {
      line = (error as LabError).toLine();
    }
    expect(line).toMatch(/^BAD_CONFIG: /);
    expect(line.length).toBeLessThan(10_000);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

describe('a run', () => {
  it('of more than a megabyte of run.json is refused', () => {
    const directory = writeSyntheticRun(root);
    const run = { ...syntheticRun(), notes: ['x'.repeat(1024 * 1024)] };
    writeFileSync(path.join(directory, 'run.json'), JSON.stringify(run));
    expect(codeOf(() => loadRun(directory))).toBe('RUN_FILE_TOO_LARGE');
  });

  it('with a histogram that unpacks to 100 MB is refused before it is unpacked', () => {
    const directory = writeSyntheticRun(root);
    const packed = deflateSync(Buffer.alloc(100_000_000));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(0x1c849304, 0);
    head.writeUInt32BE(packed.length, 4);
    writeFileSync(
      path.join(directory, 'clean-announce-service.hdr'),
      Buffer.concat([head, packed]).toString('base64'),
    );
    let message = '';
    try {
      loadRun(directory);
    } catch (error) {
      message = (error as LabError).toLine();
    }
    expect(message).toMatch(/^BAD_HISTOGRAM: .*clean-announce-service\.hdr .*larger than 8388608 bytes/);
  });

  it('of more samples than a call takes arguments is analysed', async () => {
    const directory = writeSyntheticRun(root);
    const file = path.join(directory, 'timeline.ndjson');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const sample = JSON.parse(lines.find((line) => line.includes('"process"')) as string) as object;
    const many = Array.from({ length: 150_000 }, (_, index) =>
      JSON.stringify({ ...sample, atMs: 4000 + index * 0.08, rssBytes: 1e7 + index }),
    );
    writeFileSync(file, `${[...lines, ...many].join('\n')}\n`);
    const { report } = await analyzeRun(directory);
    expect(report.memory.rss?.peakBytes).toBeGreaterThanOrEqual(1e7 + 149_999);
  }, 30_000);

  it('whose temporary file is a folder keeps it, and the error names the file', async () => {
    const directory = writeSyntheticRun(root);
    mkdirSync(path.join(directory, 'report.json.tmp'));
    await expect(analyzeRun(directory)).rejects.toMatchObject({
      code: 'OUT_NOT_WRITABLE',
      message: expect.stringContaining('report.json'),
    });
  });
});

it('extremes are those of any number of values', () => {
  const values = Array.from({ length: 500_000 }, (_, index) => index - 7);
  expect([greatest(values), least(values)]).toEqual([499_992, -7]);
});

describe('hostile text', () => {
  const hostile = '\u001b[2J\u009b31m\u202e\u2028##vso[task.setvariable]##[error]\n::error::x';

  it('steers neither a terminal nor the runner of a CI job', () => {
    expect(printable(hostile)).toBe('�[2J�31m��# #vso[task.setvariable]# #[error]�::error::x');
  });

  it('stands in an error as one line', () => {
    const line = new LabError({ code: 'X', message: hostile, hint: hostile }).toLine();
    expect(line).not.toMatch(/\p{Cc}|[\u2028\u2029\u202a-\u202e]|##\[|##vso\[/u);
    expect(line).toMatch(/^X: .* ::error::x\. Hint: .* ::error::x$/);
  });

  it('that JSON.parse quotes out of run.json does not reach the terminal', () => {
    const directory = writeSyntheticRun(root);
    writeFileSync(path.join(directory, 'run.json'), '\u001b[2J');
    let line = '';
    try {
      loadRun(directory);
    } catch (error) {
      line = (error as LabError).toLine();
    }
    expect(line).toMatch(/^BAD_RUN: /);
    expect(line).not.toMatch(/\p{Cc}/u);
  });
});
