/** One question for the time of Redis. Microseconds. */
export interface ClockSample {
  /** By the asker's monotonic clock. */
  readonly askedUs: number;
  readonly answeredUs: number;
  /** What Redis said. */
  readonly redisUs: number;
  /** The asker's wall clock when the answer was there. */
  readonly wallUs: number;
}

export interface ClockOffset {
  /** What has to be added to the monotonic clock to get the time of Redis. */
  readonly offsetUs: number;
  /** The same of the wall clock, with the sign turned: above 0, the wall clock is ahead. */
  readonly wallOffsetUs: number;
  /** Half the round trip: the true offset is no further away. */
  readonly uncertaintyUs: number;
}

/**
 * Where the clock of Redis stands, from the sample with the shortest round trip: Redis read its clock at some moment of
 * that, so the middle is wrong by half of it at most. Pure.
 *
 * @param samples - one at least
 */
export function clockOffset(samples: readonly ClockSample[]): ClockOffset {
  const best = samples.reduce((one, two) => (roundTripUs(two) < roundTripUs(one) ? two : one));
  const halfUs = roundTripUs(best) / 2;
  return {
    offsetUs: best.redisUs - (best.askedUs + halfUs),
    wallOffsetUs: best.wallUs - halfUs - best.redisUs,
    uncertaintyUs: halfUs,
  };
}

function roundTripUs({ askedUs, answeredUs }: ClockSample): number {
  return answeredUs - askedUs;
}
