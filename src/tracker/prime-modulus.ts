/**
 * Primes as moduli, so that any step walks through all residues. Worked out on first use and kept: one for each size up
 * to 512, and 64 for every power of two above. Pure.
 */

const EXACT_BELOW = 512;
const LOG2_OF_EXACT = 9;
const PER_POWER = 64;
const LOG2_OF_PER_POWER = 6;
const POWERS = 32 - LOG2_OF_EXACT;

const kept = new Uint32Array(EXACT_BELOW + POWERS * PER_POWER);

/**
 * A prime that is `size` or a little more: the next one up to 512, above that at most a 64th and a gap between primes
 * away.
 *
 * @param size - 2 to 2^31
 */
export function primeModulus(size: number): number {
  let index = size;
  let least = size;
  if (size >= EXACT_BELOW) {
    const power = 31 - Math.clz32(size);
    const shift = power - LOG2_OF_PER_POWER;
    const part = size >>> shift;
    index = EXACT_BELOW + (power - LOG2_OF_EXACT) * PER_POWER + (part - PER_POWER);
    least = (part + 1) * 2 ** shift - 1;
  }
  let prime = kept[index] as number;
  if (prime === 0) {
    prime = nextPrime(least);
    kept[index] = prime;
  }
  return prime;
}

function nextPrime(least: number): number {
  let candidate = least;
  while (!isPrime(candidate)) {
    candidate++;
  }
  return candidate;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) {
      return false;
    }
  }
  return true;
}
