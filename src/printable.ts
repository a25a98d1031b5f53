const LONGEST = 1000;

/**
 * Text of somebody else (out of profiles, replies, files) as a terminal and the log of a CI job may have it: nothing in it
 * steers the terminal, and no `##[command]` or `##vso[command]` is left that a runner would obey anywhere in a line.
 *
 * @param longest - more characters than this are cut off
 */
export function printable(text: string, longest = LONGEST): string {
  return text
    .replaceAll(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�')
    .replaceAll(/##(?=\[|vso\[)/gi, '# #')
    .slice(0, longest);
}
