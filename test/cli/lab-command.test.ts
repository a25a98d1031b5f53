import { describe, expect, it } from 'vitest';
import { labCommand, withLabCommand } from '../../src/cli/lab-command.ts';

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
