/** What the clients ask for, and what it is taken from. Pure. */
import { type Operation, operations } from '../../run.ts';
import type { Milliseconds, Share } from '../../units.ts';
import type { CapacityPoint } from './capacity-point.ts';
import type { CapacityOptions } from './estimate-capacity.ts';

type Mix = Readonly<Record<Operation, Share>>;

/** How long a client may use a connection id. Source: BEP 15, "Connect": one minute after it has received it. */
const CONNECTION_ID_LIFETIME_MS: Milliseconds = 60_000;

export interface RequestMix {
  readonly mix: Mix;
  readonly mixSource: { readonly connect: 'flag' | 'run' | 'BEP 15'; readonly scrape: 'flag' | 'run' };
  /** Mean of the runs. */
  readonly measuredMix: Mix;
}

/**
 * The scrape share is that of the runs. A load of the lab asks the tracker all the time and connects once a minute; a client that announces
 * every half hour finds its id too old each time, so that it connects as often as it announces.
 */
export function requestMix(
  runs: readonly CapacityPoint[],
  {
    scrapeShare,
    connectShare,
    intervalMs,
  }: Pick<CapacityOptions, 'scrapeShare' | 'connectShare' | 'intervalMs'>,
): RequestMix {
  const measuredMix = Object.fromEntries(
    operations.map((kind) => [kind, runs.reduce((sum, { mix }) => sum + mix[kind], 0) / runs.length]),
  ) as Record<Operation, Share>;
  const scrape = scrapeShare ?? measuredMix.scrape;
  const everyTime = intervalMs > CONNECTION_ID_LIFETIME_MS;
  const [connect, source]: [Share, 'flag' | 'run' | 'BEP 15'] =
    typeof connectShare === 'number'
      ? [connectShare, 'flag']
      : connectShare === null && everyTime
        ? [(1 - scrape) / 2, 'BEP 15']
        : [measuredMix.connect, 'run'];
  return {
    mix: { connect, announce: 1 - connect - scrape, scrape },
    mixSource: { connect: source, scrape: scrapeShare === null ? 'run' : 'flag' },
    measuredMix,
  };
}
