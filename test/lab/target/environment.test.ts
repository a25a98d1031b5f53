import { afterEach, describe, expect, it, vi } from 'vitest';
import { parsePrettyName, readEnvironment } from '../../../src/lab/target/environment.ts';
import { environmentSchema } from '../../../src/run.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the environment', () => {
  it('is of the form that a run stores', () => {
    const environment = readEnvironment({ target: '0', generator: '1' });
    expect(environmentSchema.parse(environment)).toEqual(environment);
    expect(environment.labNodeVersion).toBe(process.version);
  });

  it('names the tester as the operator says', () => {
    vi.stubEnv('LAB_TESTER', 'Ada');
    expect(readEnvironment(null).tester).toBe('Ada');
    vi.stubEnv('LAB_TESTER', '');
    expect(readEnvironment(null).tester).not.toBe('');
  });
});

describe('os-release', () => {
  it.each([
    ['NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'Debian GNU/Linux 12 (bookworm)'],
    ["PRETTY_NAME='Alpine'\n", 'Alpine'],
    ['PRETTY_NAME=Arch\n', 'Arch'],
    ['NAME=x\n', undefined],
    ['PRETTY_NAME=""\n', undefined],
  ])('has its pretty name', (text, name) => {
    expect(parsePrettyName(text)).toBe(name);
  });
});
