import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/package-root.ts';
import { command } from './command.ts';

describe('the command line', () => {
  it('prints its version and its help on stdout', async () => {
    expect(await command(['--version'])).toMatchObject({ exitCode: 0, stdout: `${packageVersion}\n` });
    const help = await command(['--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain('--scenario heavy');
    expect(help.stdout).toMatch(/^Examples:\n/);
    expect(help.stdout).toContain('Exit codes:');
  });

  it.each([
    [
      'an unknown scenario',
      ['--scenario', 'huge'],
      /no scenario "huge"; the choices are light, medium, heavy, stress, all\. Hint/,
    ],
    [
      'a duration without a unit that exists',
      ['--duration', '3h'],
      /Expected a duration such as 30s, 500ms or 2m/,
    ],
    ['no duration at all', ['--duration', '0'], /above zero/],
    ['a fraction of a worker', ['--concurrency', '1.5'], /whole number from 1 to/],
    ['a mix without announces', ['--mix', 'scrape=1'], /announce to be at least 1/],
    ['a mix that is no mix', ['--mix', 'announces=1'], /connect=1,announce=50,scrape=10/],
    ['a negative rate', ['--rate', '-5'], /number from 0 to/],
    ['an unknown flag', ['--scenari', 'heavy'], /Did you mean --scenario/],
    ['a word too many', ['heavy'], /too many arguments|unknown command/],
    ['a pool smaller than a worker needs', ['--swarm-hashes', '2', '--dry-run'], /pool has 2\. Hint: /],
    ['cores that are not there', ['--pin', '0:9999'], /BAD_PINNING: core 9999 .*Hint: /],
    ['a run that does not exist', ['analyze', 'profiles/none'], /NO_SUCH_RUN: .*Hint: /],
  ])('refuses %s with exit code 2 and says what it expected', async (_name, args, message) => {
    const { exitCode, stderr, stdout } = await command(args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  it('takes several targets, and the process of each', async () => {
    const { exitCode, stdout } = await command([
      ...['--target', 'udp://127.0.0.1:1', '--target', 'udp://127.0.0.1:2', '--pid', '11', '--pid', '12'],
      '--print-config',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/target +--target +udp:\/\/127\.0\.0\.1:1,udp:\/\/127\.0\.0\.1:2 +flag/);
    expect(stdout).toMatch(/pid +--pid +\[11,12\] +flag/);
  });

  it('prints every setting with its source', async () => {
    const { stdout, exitCode } = await command(['--scenario', 'light', '--duration', '7s', '--print-config']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/durationMs +--duration +7000 +flag/);
    expect(stdout).toMatch(/concurrency +--concurrency +10 +preset/);
    expect(stdout).toMatch(/swarmHashes +--swarm-hashes +5 +derived/);
  });

  it('prints where the results go and how cores are shared, which no scenario sets', async () => {
    const { stdout } = await command(['--pin', 'off', '--print-config']);
    expect(stdout).toMatch(/pin +--pin +off +flag/);
    expect(stdout).toMatch(/out +--out +\/nowhere\/profiles +default/);
    expect(stdout).toMatch(/trackerSocket +--tracker-socket +auto +default/);
  });

  it('warns of a variable that sets nothing, with the nearest that does', async () => {
    const env = { LAB_DURATON: '3s', LAB_WHATEVER_ELSE: '1', LAB_RATE: '5', OTHER: '1' };
    const { stderr, exitCode } = await command(['--dry-run'], '/nowhere', env);
    expect(exitCode).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      'Ignored: LAB_DURATON in the environment sets no flag. Did you mean LAB_DURATION?',
      'Ignored: LAB_WHATEVER_ELSE in the environment sets no flag. tracker-lab --help shows the flags',
    ]);
  });

  it('plans without doing anything on --dry-run', async () => {
    const { stdout } = await command(['--scenario', 'all', '--dry-run']);
    for (const name of ['light', 'medium', 'heavy', 'stress']) expect(stdout).toContain(`Scenario ${name}:`);
    expect(stdout).toContain('closed loop');
    expect(stdout).toContain('Cores: ');
    const open = await command(['--rate', '2000', '--pin', 'off', '--dry-run']);
    expect(open.stdout).toContain('open loop, 2000 requests/s');
    expect(open.stdout).toContain('Cores: nothing is pinned');
  });

  it('prints the same hashes for the same seed, one whitelist line each', async () => {
    const [first, again, other] = await Promise.all([
      command(['hashes', '--seed', '7', '--swarm-hashes', '20']),
      command(['hashes', '--seed', '7', '--swarm-hashes', '20']),
      command(['hashes', '--seed', '8', '--swarm-hashes', '20']),
    ]);
    const lines = first.stdout.trim().split('\n');
    expect(new Set(lines).size).toBe(20);
    for (const line of lines) expect(line).toMatch(/^[0-9a-f]{40}$/);
    expect(again.stdout).toBe(first.stdout);
    expect(other.stdout).not.toBe(first.stdout);
  });
});
