import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { command } from './command.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'lab-config-'));
});
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const hash = (digit: number): string => String(digit).repeat(40);

/** A folder of its own that holds these files. */
function folder(files: Readonly<Record<string, unknown>>): string {
  const directory = mkdtempSync(path.join(root, 'f-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(
      path.join(directory, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return directory;
}

const config = {
  trackers: { mine: { target: 'udp://127.0.0.1:6969', infoHashes: 'hashes.txt' } },
  scenarios: { busy: { preset: 'medium', duration: '10s', concurrency: 500, hashes: 2, numWant: 20 } },
};
const hashes = `${hash(1)}\n${hash(2)} # the second\n${hash(3)}\n`;

describe('a scenario of the config file', () => {
  it('takes each value from the flag, the environment, the file and the preset, in this order', async () => {
    vi.stubEnv('LAB_CONCURRENCY', '600');
    vi.stubEnv('LAB_NUM_WANT', '30');
    const { stdout, stderr } = await command(
      ['--scenario', 'busy', '--num-want', '40', '--print-config'],
      folder({ 'lab.config.json': config }),
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Scenario busy$/m);
    expect(stdout).toMatch(/numWant +--num-want +40 +flag/);
    expect(stdout).toMatch(/concurrency +--concurrency +600 +environment/);
    expect(stdout).toMatch(/durationMs +--duration +10000 +config/);
    expect(stdout).toMatch(/timeoutMs +--timeout +5000 +preset/);
    expect(stdout).toMatch(/swarmHashes +--swarm-hashes +24 +derived/);
  });

  it('is among the choices where the name is unknown', async () => {
    const { stderr, exitCode } = await command(['--scenario', 'bsy'], folder({ 'lab.config.json': config }));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/UNKNOWN_SCENARIO: no scenario "bsy"; the choices are .*, all, busy\. Hint/);
  });
});

describe('a tracker of the config file', () => {
  it('brings its address and its info hashes, named from the folder of the file', async () => {
    const cwd = folder({ 'etc/own.json': config, 'etc/hashes.txt': hashes });
    const { stdout, stderr } = await command(
      ['--config', 'etc/own.json', '--tracker', 'mine', '--scenario', 'busy', '--print-config'],
      cwd,
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Tracker mine$/m);
    expect(stdout).toMatch(/target +--target +udp:\/\/127\.0\.0\.1:6969 +config/);
    expect(stdout).toMatch(/swarmHashes +--swarm-hashes +3 +derived/);
    const file = path.join(cwd, 'etc', 'hashes.txt');
    expect(stdout).toMatch(new RegExp(`infoHashesFile +--info-hashes +${file} +config`));
  });

  it('gives way to flags and the environment', async () => {
    vi.stubEnv('LAB_TARGET', 'udp://127.0.0.1:7');
    const cwd = folder({ 'lab.config.json': config, 'mine.txt': hashes });
    const { stdout } = await command(
      ['--tracker', 'mine', '--info-hashes', 'mine.txt', '--scenario', 'busy', '--print-config'],
      cwd,
    );
    expect(stdout).toMatch(/target +--target +udp:\/\/127\.0\.0\.1:7 +environment/);
    expect(stdout).toMatch(new RegExp(`infoHashes +--info-hashes +${path.join(cwd, 'mine.txt')} +flag`));
  });

  it.each([
    [
      'an unknown name',
      ['--tracker', 'min'],
      /UNKNOWN_TRACKER: no tracker "min"; .*lab\.config\.json has mine/,
    ],
    ['a list that is missing', ['--tracker', 'mine'], /INFO_HASHES_UNREADABLE: cannot read .*hashes\.txt/],
    ['a file that is missing', ['--config', 'none.json'], /CONFIG_UNREADABLE: cannot read .*none\.json/],
    ['a file that is none', ['--config', 'bad.json'], /BAD_CONFIG: .*bad\.json: .* at scenarios\.a\.seed/],
    ['a list of other things', ['--info-hashes', 'bad.json'], /BAD_INFO_HASHES: .*bad\.json:1: expected 40/],
    ['fewer hashes than a worker needs', ['--info-hashes', 'one.txt'], /needs 5 .*one\.txt holds 1\. Hint: /],
  ])('is refused with %s', async (_what, args, message) => {
    const files = {
      'lab.config.json': config,
      'bad.json': { scenarios: { a: { seed: -1 } } },
      'one.txt': hash(1),
    };
    const { stderr, stdout, exitCode } = await command([...args, '--dry-run'], folder(files));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  it('is asked for in vain where there is no config file', async () => {
    const { stderr } = await command(['--tracker', 'mine', '--dry-run'], folder({}));
    expect(stderr).toMatch(/UNKNOWN_TRACKER: .*there is no config file\. Hint: tracker-lab init/);
  });
});

describe('init', () => {
  it('writes a config that works as it stands, with the schema that is published', async () => {
    const cwd = folder({});
    const init = await command(['init'], cwd);
    expect(init.exitCode).toBe(0);
    expect(init.stdout).toContain('tracker-lab --tracker mine --scenario quick');
    const written = JSON.parse(readFileSync(path.join(cwd, 'lab.config.json'), 'utf8')) as {
      $schema: string;
    };
    const schema = JSON.parse(readFileSync(path.resolve(cwd, written.$schema), 'utf8')) as { title: string };
    expect(schema.title).toBe('tracker-lab lab.config.json');
    const plan = await command(['--tracker', 'mine', '--scenario', 'quick', '--dry-run'], cwd);
    expect(plan.stderr).toBe('');
    expect(plan.stdout).toMatch(/Scenario quick: 100 workers/);
  });

  it('leaves a file that is there as it is', async () => {
    const cwd = folder({ 'lab.config.json': 'mine' });
    const { stderr, exitCode, stdout } = await command(['init'], cwd);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/CONFIG_EXISTS: .*lab\.config\.json exists.*Hint: /);
    expect(stdout).toBe('');
    expect(readFileSync(path.join(cwd, 'lab.config.json'), 'utf8')).toBe('mine');
  });

  it('writes to another name and tells how to use it', async () => {
    const { stdout } = await command(['init', 'other.json'], folder({}));
    expect(stdout).toContain('tracker-lab --config other.json --tracker mine');
  });

  it('says why it cannot write', async () => {
    const { stderr, exitCode } = await command(['init'], path.join(root, 'missing'));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/CONFIG_NOT_WRITABLE: .*ENOENT/);
  });
});
