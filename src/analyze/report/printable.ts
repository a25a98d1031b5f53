const LONGEST = 1000;

/** Text out of profiles and replies as a terminal may have it: nothing in it steers the terminal; cut at 1,000 characters. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�').slice(0, LONGEST);
}
