/** What a tracker counts, by the names under which it is told. */

/**
 * Counts since the start. Every datagram adds one to exactly one of the `requests.*` and `drops.*`.
 *
 * - `requests.*`: what was answered, be it with an error
 * - `errors.*`: the reason of an error reply (so a part of the requests)
 * - `drops.*`: the reason of silence
 * - `options.*`: BEP 41 options seen on announces
 */
export interface TrackerCounters {
  'requests.connect': number;
  'requests.announce': number;
  'requests.scrape': number;
  'requests.other': number;
  'errors.expiredConnectionId': number;
  'errors.shortAnnounce': number;
  'errors.portZero': number;
  'errors.notOnWhitelist': number;
  'errors.badScrape': number;
  'errors.scrapeUnfinished': number;
  /** Swarms are in a store that could not be asked. */
  'errors.storeUnavailable': number;
  'errors.unknownAction': number;
  'drops.tooShort': number;
  'drops.badProtocolId': number;
  'drops.forgedConnectionId': number;
  'drops.expiredConnectionId': number;
  'drops.sourcePortZero': number;
  'drops.connectLimit': number;
  'options.urlData': number;
  'options.cut': number;
  /** Scrapes whose counts came from more than one worker. */
  scrapesGathered: number;
  peersSent: number;
}

/** Counters at zero. */
export function createCounters(): TrackerCounters {
  return {
    'requests.connect': 0,
    'requests.announce': 0,
    'requests.scrape': 0,
    'requests.other': 0,
    'errors.expiredConnectionId': 0,
    'errors.shortAnnounce': 0,
    'errors.portZero': 0,
    'errors.notOnWhitelist': 0,
    'errors.badScrape': 0,
    'errors.scrapeUnfinished': 0,
    'errors.storeUnavailable': 0,
    'errors.unknownAction': 0,
    'drops.tooShort': 0,
    'drops.badProtocolId': 0,
    'drops.forgedConnectionId': 0,
    'drops.expiredConnectionId': 0,
    'drops.sourcePortZero': 0,
    'drops.connectLimit': 0,
    'options.urlData': 0,
    'options.cut': 0,
    scrapesGathered: 0,
    peersSent: 0,
  };
}
