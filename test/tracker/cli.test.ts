import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseFlags, type TrackerFlags } from '../../src/tracker/cli.ts';

function flagsOf(...argv: string[]): TrackerFlags {
  const parsed = parseFlags(argv, '1.2.3');
  if (!('flags' in parsed)) {
    throw new Error(`got a text: ${parsed.text}`);
  }
  return parsed.flags;
}

describe('parseFlags', () => {
  beforeEach(() => {
    for (const name of ['TRACKER_SECRET', 'TRACKER_SECRET_FILE', 'TRACKER_STORE'])
      vi.stubEnv(name, undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('has a default for all that a tracker needs', () => {
    expect(flagsOf()).toEqual({
      port: 1337,
      socket: 'auto',
      workers: 1,
      logLevel: 'info',
      maxPeers: 4_000_000,
      storeOutage: 'serve-cache',
    });
  });

  it('reads every flag', () => {
    const argv =
      '--port 0 --host 127.0.0.1 --whitelist l.txt --secret s --connect-limit 5 --interval 900 --max-peers 9 --max-torrents 8 --max-peers-per-address 7 --socket batched --workers 3 --log-level debug --store redis://h --store-outage refuse';
    expect(flagsOf(...argv.split(' '))).toEqual({
      port: 0,
      host: '127.0.0.1',
      whitelist: 'l.txt',
      secret: 's',
      connectLimit: 5,
      interval: 900,
      maxPeers: 9,
      maxTorrents: 8,
      maxPeersPerAddress: 7,
      socket: 'batched',
      workers: 3,
      logLevel: 'debug',
      store: 'redis://h',
      storeOutage: 'refuse',
    });
  });

  it('takes the store from the environment, where ps does not show its password, and looks at it', () => {
    vi.stubEnv('TRACKER_STORE', 'redis://:hidden@h');
    expect(flagsOf().store).toBe('redis://:hidden@h');
    expect(() => flagsOf('--store', 'h:6379')).toThrow('it is no redis:// URL');
  });

  it('takes the secret from the environment, where ps does not show it', () => {
    vi.stubEnv('TRACKER_SECRET', 'hidden');
    expect(flagsOf().secret).toBe('hidden');
    expect(() => flagsOf('--secret-file', 'f')).toThrow('a secret and a file of it were given');
  });

  it.each([
    [['--port', '65536'], 'not an integer from 0 to 65535'],
    [['--port', '1e3'], 'not an integer'],
    [['--port', ''], 'not an integer'],
    [['--connect-limit', '0'], 'not an integer from 1'],
    [['--interval', '0'], 'not an integer from 1 to 14400'],
    [['--secret', ''], 'empty'],
    [['--socket', 'tcp'], 'auto, dgram, batched'],
    [['--workers', '0'], 'not an integer from 1'],
    [['--workers', '2', '--socket', 'dgram'], 'needs batched sockets'],
    [['--log-level', 'loud'], 'error, warn, info, debug'],
    [['--prot', '1'], '--port'],
    [['extra'], 'too many arguments'],
  ])('refuses %j in one line', (argv, expected) => {
    expect(() => flagsOf(...argv)).toThrow(expect.objectContaining({ code: 'USAGE', exitCode: 2 }));
    expect(() => flagsOf(...argv)).toThrow(expected);
    expect(() => flagsOf(...argv)).not.toThrow('\n');
  });

  it('gives help and version as a text', () => {
    expect(parseFlags(['--version'], '1.2.3')).toEqual({ text: '1.2.3\n' });
    const help = parseFlags(['--help'], '1.2.3');
    expect('text' in help && help.text).toMatch(/^Usage: tracker[\s\S]*\nExamples:\n[\s\S]*\nExit codes:/);
  });
});
