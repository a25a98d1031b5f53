import { describe, expect, it } from 'vitest';
import { CUT_OPTIONS, readUrlData } from '../../src/tracker/announce-options.ts';

/** The URL data of an announce with these bytes behind its 98, or the reason why there is none. */
function urlDataOf(options: readonly number[], start = 0): string | 'cut' {
  const bytes = new Uint8Array(start + 98 + options.length + 20).fill(2);
  bytes.set(options, start + 98);
  const target = new Uint8Array(600);
  const length = readUrlData(bytes, start, start + 98 + options.length, target);
  return length === CUT_OPTIONS ? 'cut' : Buffer.from(target.subarray(0, length)).toString('latin1');
}

const letters = (text: string): number[] => [...Buffer.from(text)];

describe('readUrlData', () => {
  it.each<[string, number[], string]>([
    ['nothing', [], ''],
    ['an end', [0], ''],
    ['a path', [2, 4, ...letters('/ann')], '/ann'],
    ['a path and an end, and what is behind the end', [2, 2, ...letters('/a'), 0, 2, 200], '/a'],
    ['no-operations around', [1, 1, 2, 2, ...letters('/a'), 1, 0], '/a'],
    ['two pieces, joined', [2, 3, ...letters('/an'), 2, 4, ...letters('?k=v')], '/an?k=v'],
    ['a piece of length 0', [2, 0, 2, 1, ...letters('/')], '/'],
    ['an unknown option, skipped', [77, 3, 9, 9, 9, 2, 1, ...letters('x')], 'x'],
    ['an unknown option of length 0', [255, 0, 2, 1, ...letters('x')], 'x'],
    ['255 bytes', [2, 255, ...letters('y'.repeat(255))], 'y'.repeat(255)],
  ])('reads %s', (_, options, expected) => {
    expect(urlDataOf(options)).toBe(expected);
    expect(urlDataOf(options, 37), 'wherever the datagram starts').toBe(expected);
  });

  it.each<[string, number[]]>([
    ['a type without its length', [2]],
    ['a length beyond the end', [2, 1]],
    ['a length one too long', [2, 4, 1, 2, 3]],
    ['an unknown option beyond the end', [200, 255, 1]],
    ['a good piece, then a cut one', [2, 1, 65, 2, 9, 66]],
  ])('refuses %s', (_, options) => {
    expect(urlDataOf(options)).toBe('cut');
  });
});
