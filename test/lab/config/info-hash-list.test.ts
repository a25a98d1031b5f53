import { describe, expect, it } from 'vitest';
import { parseInfoHashList } from '../../../src/lab/config/info-hash-list.ts';

const one = '01'.repeat(20);
const two = 'ab'.repeat(20);

describe('a list of info hashes', () => {
  it.each([
    ['one a line', `${one}\n${two}\n`, [one, two]],
    ['without a last line break', `${two}\n${one}`, [two, one]],
    ['with comments and empty lines', `# mine\n\n${one} # the first\n  ${two}\n#${one}`, [one, two]],
    ['of another system', `\uFEFF${one}\r\n${two}\r\n`, [one, two]],
    ['in capitals, each once', `${two.toUpperCase()}\n${one}\n${two}\n`, [two, one]],
  ])('is read %s', (_how, text, hashes) => {
    expect(parseInfoHashList(text, 'h.txt')).toEqual(hashes);
  });

  it.each([
    [
      'a hash too short',
      `${one}\n${'a'.repeat(39)}\n`,
      /h\.txt:2: expected 40 hexadecimal digits, got "a{39}"/,
    ],
    ['two hashes a line', `${one} ${two}\n`, /h\.txt:1/],
    ['letters that are no digits', `${'g'.repeat(40)}`, /h\.txt:1/],
    ['nothing', '', /h\.txt holds no info hash/],
    ['comments only', '# none\n', /h\.txt holds no info hash/],
  ])('is refused with %s', (_what, text, message) => {
    expect(() => parseInfoHashList(text, 'h.txt')).toThrow(message);
  });
});
