import { describe, expect, test } from 'vitest';
import { readBuildInfo } from '../../../../src/lab/capture/go/build-info.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');

/** A header with flags, followed by a text with its length. */
function blob(flags: number, text: string, length = text.length): Buffer {
  const header = Buffer.alloc(32);
  MAGIC.copy(header);
  header[14] = 8;
  header[15] = flags;
  return Buffer.concat([header, Buffer.from([length]), Buffer.from(text, 'latin1')]);
}

describe('the build information of a Go executable', () => {
  test.each([
    ['go1.26.8', blob(2, 'go1.26.8')],
    ['devel go1.27-9f3e21 Mon', Buffer.concat([Buffer.alloc(77), blob(2, 'devel go1.27-9f3e21 Mon'), MAGIC])],
    ['before go1.18', blob(0, '')],
  ])('tells %s', (version, bytes) => {
    expect(readBuildInfo(bytes)).toBe(version);
  });

  test('is found behind a program text that holds the magic', () => {
    const text = Buffer.concat([MAGIC, Buffer.from('not a Go executable, sorry, no blob follows this')]);
    expect(readBuildInfo(Buffer.concat([text, blob(2, 'go1.22.1')]))).toBe('go1.22.1');
  });

  test.each([
    ['no magic', Buffer.alloc(500)],
    ['an end behind the magic', MAGIC],
    ['an end in the version', blob(2, 'go1.2', 8)],
    ['a version that is none', blob(2, 'rust 1.80')],
    ['control characters', blob(2, 'go1.22\n1')],
    ['a length beyond one byte', blob(2, 'go1.22.1', 0x88)],
  ])('is not there with %s', (_, bytes) => {
    expect(readBuildInfo(bytes)).toBeNull();
  });
});
