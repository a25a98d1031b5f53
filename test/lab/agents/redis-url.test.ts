import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../../src/lab/agents/redis-url.ts';

describe('the URL of Redis', () => {
  it.each([
    ['redis://h', { host: 'h', port: 6379, db: 0, tls: false, shown: 'redis://h:6379' }],
    [
      'rediss://10.0.0.1:7000/3',
      { host: '10.0.0.1', port: 7000, db: 3, tls: true, shown: 'rediss://10.0.0.1:7000/3' },
    ],
    ['redis://[::1]:7000', { host: '::1', port: 7000, shown: 'redis://[::1]:7000' }],
    ['redis://u:p%40ss@h', { username: 'u', password: 'p@ss', shown: 'redis://h:6379' }],
    ['redis://:secret@h', { username: undefined, password: 'secret', shown: 'redis://h:6379' }],
  ])('%s is read', (url, wanted) => {
    expect(parseRedisUrl(url)).toMatchObject(wanted);
  });

  it.each([
    '',
    'h:6379',
    'http://u:hush@h',
    'redis://u:hush@',
    'redis://u:hush@h/name',
    'redis://u:hush%zz@h',
  ])('"%s" is refused without its password', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(
      expect.objectContaining({ code: 'BAD_REDIS_URL', message: expect.not.stringContaining('hush') }),
    );
  });
});
