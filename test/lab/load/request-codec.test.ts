import { describe, expect, test } from 'vitest';
import {
  type AnnounceFields,
  checkResponse,
  countPeers,
  ResponseKind,
  readErrorText,
  writeAnnounce,
  writeConnect,
  writeScrape,
} from '../../../src/lab/load/request-codec.ts';

const AT = 7;

function written(write: (bytes: Uint8Array, at: number) => number): string {
  const bytes = new Uint8Array(512).fill(0xee);
  const length = write(bytes, AT);
  expect(bytes[AT - 1]).toBe(0xee);
  expect(bytes[AT + length]).toBe(0xee);
  return Buffer.from(bytes.subarray(AT, AT + length)).toString('hex');
}

const fields: AnnounceFields = {
  idHigh: 0x01020304,
  idLow: 0xf5060708,
  transactionId: 0xfedcba98,
  hashes: new Uint8Array(40).fill(0xaa, 20),
  hashAt: 20,
  peerIds: new Uint8Array(40).fill(0xbb, 20),
  peerIdAt: 20,
  downloadedBytes: 5,
  leftBytes: 2 ** 33 + 1,
  uploadedBytes: 2 ** 31,
  event: 2,
  key: 0xcafe0001,
  numWant: -1,
  port: 0xfa01,
};

describe('requests stand byte for byte as in BEP 15', () => {
  test('connect', () => {
    expect(written((bytes, at) => writeConnect(bytes, at, 0xfedcba98))).toBe(
      '0000041727101980' + '00000000' + 'fedcba98',
    );
  });

  test('announce', () => {
    expect(written((bytes, at) => writeAnnounce(bytes, at, fields))).toBe(
      [
        '01020304f5060708',
        '00000001',
        'fedcba98',
        'aa'.repeat(20),
        'bb'.repeat(20),
        '0000000000000005',
        '0000000200000001',
        '0000000080000000',
        '00000002',
        '00000000',
        'cafe0001',
        'ffffffff',
        'fa01',
      ].join(''),
    );
  });

  test('scrape of two hashes', () => {
    const pool = Uint8Array.from({ length: 60 }, (_, index) => Math.floor(index / 20));
    const indexes = Uint32Array.of(0, 2, 1);
    expect(written((bytes, at) => writeScrape(bytes, at, fields, pool, indexes, 1, 2))).toBe(
      `01020304f506070800000002fedcba98${'02'.repeat(20)}${'01'.repeat(20)}`,
    );
  });
});

const shape = { peerBytes: 6, scrapedHashes: 5 };

function replyOf(action: number, length: number): Uint8Array {
  const bytes = new Uint8Array(AT + 512);
  bytes[AT + 3] = action;
  return bytes.subarray(0, AT + length);
}

describe('replies', () => {
  test.each([
    ['connect', 0, 16],
    ['connect, longer than needed', 0, 17],
    ['announce without peers', 1, 20],
    ['announce with three peers', 1, 38],
    ['scrape of five hashes', 2, 68],
  ])('valid: %s', (_name, action, length) => {
    expect(checkResponse(action, replyOf(action, length), AT, length, shape)).toBe(ResponseKind.valid);
  });

  test.each([
    ['connect, cut', 0, 0, 15],
    ['announce, cut head', 1, 1, 19],
    ['announce, cut peer', 1, 1, 25],
    ['announce without a head, as a tracker may send for a hash off its list', 1, 1, 8],
    ['scrape with an entry too few', 2, 2, 56],
    ['scrape with an entry too many', 2, 2, 80],
    ['a connect for an announce', 1, 0, 20],
    ['a scrape for a connect', 0, 2, 68],
    ['an unknown action', 1, 4, 20],
  ])('malformed: %s', (_name, asked, replied, length) => {
    expect(checkResponse(asked, replyOf(replied, length), AT, length, shape)).toBe(ResponseKind.malformed);
  });

  test('an error answers every action', () => {
    for (const action of [0, 1, 2]) {
      expect(checkResponse(action, replyOf(3, 8), AT, 8, shape)).toBe(ResponseKind.error);
    }
  });

  test('every length from 8 to 255 and every action up to 255 gets an answer', () => {
    const kinds = new Set<number>();
    for (let length = 8; length <= 255; length++) {
      for (let replied = 0; replied <= 255; replied++) {
        for (const asked of [0, 1, 2])
          kinds.add(checkResponse(asked, replyOf(replied, length), AT, length, shape));
      }
    }
    expect([...kinds].sort()).toEqual([ResponseKind.valid, ResponseKind.error, ResponseKind.malformed]);
  });

  test('IPv6 peers have 18 bytes', () => {
    const ipv6 = { ...shape, peerBytes: 18 };
    expect(checkResponse(1, replyOf(1, 38), AT, 38, ipv6)).toBe(ResponseKind.valid);
    expect(checkResponse(1, replyOf(1, 26), AT, 26, ipv6)).toBe(ResponseKind.malformed);
    expect(countPeers(56, 18)).toBe(2);
    expect(countPeers(20 + 6 * 50, 6)).toBe(50);
  });
});

describe('error texts', () => {
  function textOf(words: Uint8Array): string {
    const bytes = new Uint8Array([...new Uint8Array(AT + 8), ...words]);
    return readErrorText(bytes, AT, 8 + words.length);
  }

  test('come without control characters and surrounding space', () => {
    expect(textOf(Buffer.from(' not\u0000 on\nthe\u2028list \u001b[31m'))).toBe('not  on the list  [31m');
  });

  test('are cut to 120 characters, whole ones', () => {
    expect(textOf(Buffer.from('€'.repeat(400)))).toBe('€'.repeat(120));
    expect(Array.from(textOf(Buffer.from('😀'.repeat(400)))).length).toBe(120);
  });

  test('that are empty or no UTF-8 still say something', () => {
    expect(textOf(new Uint8Array(0))).toBe('(no text)');
    expect(textOf(Uint8Array.of(0xff, 0xfe, 0x41))).toBe('\ufffd\ufffdA');
  });
});
