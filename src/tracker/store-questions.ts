/** What is asked of a store: each an atomic script, whose reply is looked at before anybody uses it. */
import { INFO_HASH_BYTES, RequestOffset, SCRAPE_ENTRY_BYTES } from '../wire/bep15.ts';
import type { RandomSource } from './random-source.ts';
import type { StoreClient } from './store-client.ts';
import type { WaitingRequest } from './store-desk.ts';
import { announceScript, STORE_REPLY_HEAD_BYTES, scrapeScript, swarmKeys } from './store-scripts.ts';

export interface StoreQuestionsOptions {
  readonly random: RandomSource;
  readonly peerLifetimeS: number;
  /** Peers of one address in one swarm; 0: no bound. */
  readonly peersPerAddress: number;
}

export class StoreQuestions {
  private readonly client: StoreClient;
  private readonly random: RandomSource;
  private readonly lifeText: string;
  private readonly perAddressText: string;

  constructor(client: StoreClient, options: StoreQuestionsOptions) {
    this.client = client;
    this.random = options.random;
    this.lifeText = String(options.peerLifetimeS);
    this.perAddressText = String(options.peersPerAddress);
  }

  /**
   * Asks for an announce. Exactly one of the two is called, later.
   *
   * @param peerBytes - of one peer of the request's family
   * @param onReply - is given the reply of the announce script and how many peers it has, no more than were wanted
   * @param onError - is called for a reply of another shape, too
   */
  askAnnounce(
    place: WaitingRequest,
    peerBytes: number,
    onReply: (reply: Uint8Array, peers: number) => void,
    onError: () => void,
  ): void {
    const { wanted } = place;
    const kind = place.stopped ? 'x' : place.seeder ? 's' : 'l';
    this.client.run(
      announceScript,
      swarmKeys(hexOf(place.request, RequestOffset.infoHash), place.family),
      [
        Buffer.from(place.peer.subarray(0, peerBytes)),
        kind,
        this.lifeText,
        place.completed ? '1' : '0',
        String(wanted),
        String(this.random.below(0x7fff_ffff)),
        this.perAddressText,
      ],
      (reply) => {
        const peers = isBytes(reply) ? (reply.length - STORE_REPLY_HEAD_BYTES) / peerBytes : -1;
        if (isBytes(reply) && Number.isInteger(peers) && peers >= 0 && peers <= wanted) {
          onReply(reply, peers);
        } else {
          onError();
        }
      },
      onError,
    );
  }

  /**
   * Asks for one hash of a scrape. Exactly one of the two is called, later.
   *
   * @param hashAt - where in the request the hash is
   * @param onReply - is given one entry of a scrape's answer
   */
  askScrapeEntry(
    place: WaitingRequest,
    hashAt: number,
    onReply: (entry: Uint8Array) => void,
    onError: () => void,
  ): void {
    const [leechers, seeders, downloads] = swarmKeys(hexOf(place.request, hashAt), place.family);
    this.client.run(
      scrapeScript,
      [leechers, seeders, downloads],
      [this.lifeText],
      (reply) => {
        if (isBytes(reply) && reply.length === SCRAPE_ENTRY_BYTES) {
          onReply(reply);
        } else {
          onError();
        }
      },
      onError,
    );
  }
}

function isBytes(reply: unknown): reply is Uint8Array {
  return reply instanceof Uint8Array;
}

function hexOf(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, INFO_HASH_BYTES).toString('hex');
}
