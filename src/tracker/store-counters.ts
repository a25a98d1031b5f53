/**
 * What a tracker with its state in Redis counts on top. An announce or scrape that may be served ends in one of three:
 * `store.answered`, `store.servedFromCache` or `errors.storeUnavailable`.
 */
export interface StoreCounters {
  /** Requests answered with what the store said. */
  'store.answered': number;
  /** Requests answered from what this instance has seen itself. */
  'store.servedFromCache': number;
  /** Scripts that ended with an error, be it Redis' or that of the connection. */
  'store.errors': number;
  /** Requests that waited for the store for too long. */
  'store.timeouts': number;
  /** Requests that were not put to the store because too many waited for it. */
  'store.busy': number;
  /** Answers for which nobody waited any more. */
  'store.unused': number;
  /** How often the store was lost. */
  'store.outages': number;
  /** Peers that the store let go because their time was over, as far as this instance's announces did it. */
  expiredPeers: number;
  /** Announces of peers not taken in because of the bound for one address. */
  crowdedPeers: number;
  completedDownloads: number;
}

/** Counters at zero. */
export function createStoreCounters(): StoreCounters {
  return {
    'store.answered': 0,
    'store.servedFromCache': 0,
    'store.errors': 0,
    'store.timeouts': 0,
    'store.busy': 0,
    'store.unused': 0,
    'store.outages': 0,
    expiredPeers: 0,
    crowdedPeers: 0,
    completedDownloads: 0,
  };
}
