import { describe, expect, test } from 'vitest';
import { parsePprofUrl } from '../../../../src/lab/capture/go/pprof-url.ts';

const local = { allowRemote: false };

describe('the address of a pprof endpoint', () => {
  test.each([
    ['http://127.0.0.1:6060', 'http://127.0.0.1:6060/debug/pprof'],
    ['http://127.0.0.1:6060/', 'http://127.0.0.1:6060/debug/pprof'],
    ['http://127.0.0.1:6060/debug/pprof', 'http://127.0.0.1:6060/debug/pprof'],
    ['http://localhost:6060/debug/pprof/', 'http://localhost:6060/debug/pprof'],
    ['http://[::1]:6060/admin/pprof/', 'http://[::1]:6060/admin/pprof'],
    ['http://127.0.0.1:6060/debug/pprof/profile?seconds=30', 'http://127.0.0.1:6060/debug/pprof'],
    ['https://127.0.0.1/debug/pprof', 'https://127.0.0.1/debug/pprof'],
  ])('%s is read', (text, expected) => {
    expect(parsePprofUrl(text, local)).toBe(expected);
  });

  test.each([
    ['127.0.0.1:6060', /no URL|scheme/],
    ['', /no URL/],
    ['udp://127.0.0.1:6969', /scheme is udp/],
    ['http://me:secret@127.0.0.1:6060', /user name or a password/],
  ])('"%s" is refused', (text, message) => {
    expect(() => parsePprofUrl(text, local)).toThrow(
      expect.objectContaining({ code: 'BAD_PPROF_URL', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    'http://192.0.2.7:6060',
    'http://tracker.example:6060/debug/pprof',
    'http://localhost.example:6060',
  ])('%s needs permission', (text) => {
    expect(() => parsePprofUrl(text, local)).toThrow(expect.objectContaining({ code: 'REMOTE_PPROF' }));
    expect(parsePprofUrl(text, { allowRemote: true })).toMatch(/\/debug\/pprof$/);
  });
});
