import { describe, expect, it } from 'vitest';
import { examplesText } from '../../src/cli/examples-text.ts';
import { labCommand, withLabCommand } from '../../src/cli/lab-command.ts';
import { command } from './command.ts';

const cwd = '/home/me/tracker-lab';

describe('the command that is shown to the reader', () => {
  it.each([
    ['npm run lab', { npm_lifecycle_event: 'lab' }, `${cwd}/dist/cli/main.js`, 'npm run lab --'],
    ['npx', { npm_lifecycle_event: 'npx' }, '/cache/_npx/1/node_modules/.bin/tracker-lab', 'npx tracker-lab'],
    ['a link of the package manager', {}, '/p/node_modules/.bin/tracker-lab', 'npx tracker-lab'],
    ['a program on the path', {}, '/usr/local/bin/tracker-lab', 'tracker-lab'],
    ['the file below the folder', {}, `${cwd}/dist/cli/main.js`, 'node dist/cli/main.js'],
    ['the file elsewhere', {}, '/opt/lab/dist/cli/main.js', 'node /opt/lab/dist/cli/main.js'],
    ['the file, in another script of npm', { npm_lifecycle_event: 'test' }, `${cwd}/a.js`, 'node a.js'],
  ])('is that by which it was started: %s', (_how, env, entry, expected) => {
    expect(labCommand({ env, entry, cwd })).toBe(expected);
  });
});

describe('a hint that names a command', () => {
  const hint =
    'tracker-lab hashes > whitelist.txt writes them; tracker-lab init writes a file; tracker-lab measures';

  it.each([
    [
      { npm_lifecycle_event: 'lab' },
      'npm run --silent lab -- hashes > whitelist.txt writes them; npm run lab -- init writes a file; tracker-lab measures',
    ],
    [
      {},
      'node dist/cli/main.js hashes > whitelist.txt writes them; node dist/cli/main.js init writes a file; tracker-lab measures',
    ],
  ])('names it as it was started, and leaves the product its name', (env, expected) => {
    expect(withLabCommand(hint, { env, entry: `${cwd}/dist/cli/main.js`, cwd })).toBe(expected);
  });
});

describe('every help', () => {
  const commands = [
    [],
    ['compare'],
    ['history'],
    ['export'],
    ['open'],
    ['serve'],
    ['analyze'],
    ['completion'],
  ];

  it.each(commands)('of %j shows commands as the reader can type them', async (...words) => {
    const started = { npm_lifecycle_event: 'lab' };
    const { stdout, exitCode } = await command([...words, '--help'], cwd, started);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run lab -- /m);
    const typed = stdout.split('\n').filter((line) => /^ {2}(?:tracker-lab|npm|npx) /.test(line));
    expect(typed.filter((line) => !/^ {2}npm run (?:--silent )?lab -- /.test(line))).toEqual([]);
    const installed = await command([...words, '--help'], cwd);
    expect(installed.stdout).toMatch(/^Usage: tracker-lab /m);
    expect(installed.stdout).not.toContain('npm run');
  });

  it('keeps what npm prints out of what is for a program', () => {
    const lines = [
      'tracker-lab history --json',
      'tracker-lab export RUN --format folded',
      'tracker-lab open',
    ];
    const text = examplesText(
      lines.map((line) => ({ line, what: '' })),
      { env: { npm_lifecycle_event: 'lab' }, entry: `${cwd}/dist/cli/main.js`, cwd },
    );
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      'Examples:',
      'npm run --silent lab -- history --json',
      'npm run --silent lab -- export RUN --format folded',
      'npm run lab -- open',
      '',
    ]);
  });
});
