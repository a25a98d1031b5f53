/** Reads a list of info hashes. Pure. */
import { LabError } from '../../errors.ts';

/**
 * The info hashes of a text: 40 hexadecimal digits a line; what follows a `#` and empty lines do not count.
 *
 * @param file - for the message
 * @returns in the order of the text, each once, in lower case; at least one
 * @throws LabError `BAD_INFO_HASHES` that names the first line that is none
 */
export function parseInfoHashList(text: string, file: string): readonly string[] {
  const hashes = new Set<string>();
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((line, index) => {
      const word = line.replace(/#.*/, '').trim();
      if (word === '') return;
      if (!/^[0-9a-f]{40}$/i.test(word)) {
        throw badList(`${file}:${index + 1}: expected 40 hexadecimal digits, got "${word.slice(0, 60)}"`);
      }
      hashes.add(word.toLowerCase());
    });
  if (hashes.size === 0) throw badList(`${file} holds no info hash`);
  return [...hashes];
}

function badList(message: string): LabError {
  return new LabError({
    code: 'BAD_INFO_HASHES',
    message,
    hint: 'write one info hash a line; tracker-lab hashes prints such a list',
  });
}
