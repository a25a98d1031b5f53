import { setTimeout as delay } from 'node:timers/promises';
import type { Milliseconds } from '../../units.ts';
import type { Order } from './agent-messages.ts';
import { RUN_KEYS_LIFE_S, runKey } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';

/** Orders stay for a moment, for those who have not read them. */
const LINGER_S = 30;

/** The lab's orders to all agents of a run: a stream, of which each reads everything. */
export class OrderLine {
  readonly #link: RedisLink;
  readonly #key: string;
  readonly #nowUs: () => number;

  /** @param nowUs - microseconds of Redis */
  constructor(link: RedisLink, runId: string, nowUs: () => number) {
    this.#link = link;
    this.#key = runKey(runId, 'orders');
    this.#nowUs = nowUs;
  }

  /** An order that does not arrive: the silence is noticed by its length. Never rejects. */
  async give(order: Order): Promise<void> {
    const { client } = this.#link;
    try {
      await client.xadd(this.#key, '*', 'order', JSON.stringify(order));
      await client.expire(this.#key, RUN_KEYS_LIFE_S);
    } catch {
      // See above.
    }
  }

  /**
   * Gives an order whose time is a little ahead, and waits for that time.
   *
   * @returns that time
   */
  async giveAhead(leadMs: Milliseconds, orderAt: (atUs: number) => Order): Promise<number> {
    const atUs = Math.round(this.#nowUs() + leadMs * 1000);
    await this.give(orderAt(atUs));
    const leftMs = (atUs - this.#nowUs()) / 1000;
    if (leftMs > 0) await delay(leftMs);
    return atUs;
  }

  /** No further order comes. */
  async end(): Promise<void> {
    await this.#link.client.expire(this.#key, LINGER_S);
  }
}
