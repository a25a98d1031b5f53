/** Brings a tracker's handler and its store together, and says in the log when the store goes and comes. */
import { performance } from 'node:perf_hooks';
import type { DatagramState } from './handle-datagram.ts';
import type { Log } from './log.ts';
import { openStoreClient } from './store-client.ts';
import { StoreHandler, type StoreHandlerOptions } from './store-handler.ts';
import type { StoreOutage } from './store-policy-handler.ts';
import { parseStoreUrl, storeName } from './store-target.ts';

/** Where the state is, and what is done while it cannot be reached. */
export interface StoreOptions {
  /** As {@link parseStoreUrl} takes it. */
  readonly url: string;
  readonly outage: StoreOutage;
}

const policies: Readonly<Record<StoreOutage, string>> = {
  'serve-cache': "announces are answered from this instance's own clients",
  refuse: 'announces and scrapes are refused',
};

/**
 * A handler that keeps swarms in a store. It serves also where the store cannot be reached, by the policy.
 *
 * @throws LabError of {@link parseStoreUrl} and {@link openStoreClient}
 */
export async function openStoreHandler(
  { url, outage }: StoreOptions,
  state: DatagramState,
  options: Omit<StoreHandlerOptions, 'outage'>,
  log: Log,
): Promise<StoreHandler> {
  const target = parseStoreUrl(url);
  const name = storeName(target);
  let handler: StoreHandler | null = null;
  let lostMs = 0;
  let outages = 0;
  const client = await openStoreClient(target, {
    onUp: () => {
      const away = outages === 0 ? '' : ` after ${((performance.now() - lostMs) / 1000).toFixed(1)} s`;
      log.info(`the store ${name} is there${away}`);
    },
    onDown: (reason) => {
      outages++;
      lostMs = performance.now();
      if (handler !== null) {
        handler.storeCounters['store.outages']++;
      }
      log.warn(`the store ${name} cannot be reached (${reason}); ${policies[outage]}`);
    },
  });
  handler = new StoreHandler(state, client, { ...options, outage });
  handler.storeCounters['store.outages'] = outages;
  return handler;
}
