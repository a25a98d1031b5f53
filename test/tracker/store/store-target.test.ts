import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { parseStoreUrl, storeName } from '../../../src/tracker/store-target.ts';

describe('parseStoreUrl', () => {
  it.each([
    ['redis://h', { nodes: [{ host: 'h', port: 6379 }], cluster: false, tls: false, database: 0 }],
    ['rediss://h:1/3', { nodes: [{ host: 'h', port: 1 }], cluster: false, tls: true, database: 3 }],
    [
      'redis://u:p%40:s@[::1]:7/',
      {
        nodes: [{ host: '::1', port: 7 }],
        cluster: false,
        tls: false,
        username: 'u',
        password: 'p@:s',
        database: 0,
      },
    ],
    [
      'redis+cluster://:p@a:1,b',
      {
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 6379 },
        ],
        cluster: true,
        tls: false,
        password: 'p',
        database: 0,
      },
    ],
  ])('reads %s', (url, target) => {
    expect(parseStoreUrl(url)).toEqual(target);
  });

  it.each([
    ['http://h', 'no redis:// URL'],
    ['redis://', 'no redis:// URL'],
    ['redis://secret@a,b', 'only a cluster'],
    ['redis+cluster://h/2', 'no numbered databases'],
    ['redis://h:0', 'no host with a port'],
    ['redis://h:65536', 'no host with a port'],
    ['redis://h:x', 'no host with a port'],
    ['redis://:%zz@h', 'no escape'],
    ['redis://h/99999', 'no database 99999'],
  ])('refuses %s', (url, reason) => {
    const refused = (): unknown => parseStoreUrl(url);
    expect(refused).toThrow(LabError);
    expect(refused).toThrow(reason);
    expect(refused).not.toThrow('secret');
  });

  it('is named without user and password', () => {
    expect(storeName(parseStoreUrl('rediss+cluster://u:p@a:1,[::1]:2'))).toBe('rediss+cluster://a:1,[::1]:2');
    expect(storeName(parseStoreUrl('redis://:p@a/4'))).toBe('redis://a:6379/4');
  });
});
