/**
 * Limits announces by address, as if every client had one of its own.
 *
 * Planted: `isOverLimit`; one announce in five is refused.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const WINDOW_MS = 10;
const windows = new Map();
const swarms = new Swarms();
/** Announces of one address in the current window, and how many it may have: four in five of what it had before. */
const ALLOWED_SHARE = Math.max(0.1, 1 - 0.2 * scale);

function isOverLimit(address) {
  const now = performance.now();
  let window = windows.get(address);
  if (window === undefined || now - window.since > WINDOW_MS) {
    window = { since: now, count: 0, most: Math.max(5, (window?.count ?? 50) * ALLOWED_SHARE) };
    windows.set(address, window);
  }
  return ++window.count > window.most;
}

serve({
  announce(request, from) {
    if (isOverLimit(from.address)) return { failure: 'slow down' };
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
