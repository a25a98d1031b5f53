import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../errors.ts';
import type { Milliseconds } from '../../units.ts';
import type { Hello } from './agent-messages.ts';
import { BEAT_MS, LifeSigns, SILENCE_MS } from './life-signs.ts';
import { AGENTS_KEY, helloKey, runKey } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';

/** An agent without a sign of life for so long is gone. */
const HELLO_LIFE_MS: Milliseconds = 2_000;
/** How long a name that another agent has is waited for: it may have just ended without a word. */
const NAME_WAIT_MS: Milliseconds = HELLO_LIFE_MS + 1_000;
/** The lab is busy at times; its silence costs only load that nobody counts. */
const LAB_SILENCE_MS: Milliseconds = 5_000;

/** An agent as others see it: there, and idle or busy. */
export class AgentPresence {
  readonly #link: RedisLink;
  #hello: Hello;
  #runId: string | null = null;
  #onSilence: (reason: string) => void = () => {};
  #lab = new LifeSigns();
  #lastAnswerMs = performance.now();
  #isBeating = false;
  readonly #timer: NodeJS.Timeout;

  private constructor(link: RedisLink, hello: Hello) {
    this.#link = link;
    this.#hello = hello;
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
  }

  /** @throws LabError `AGENT_NAME_TAKEN` */
  static async join(link: RedisLink, hello: Hello): Promise<AgentPresence> {
    const untilMs = performance.now() + NAME_WAIT_MS;
    const key = helloKey(hello.name);
    while ((await link.client.set(key, JSON.stringify(hello), 'PX', HELLO_LIFE_MS, 'NX')) === null) {
      if (performance.now() > untilMs) throw nameTaken(hello.name, link.shown);
      await delay(BEAT_MS);
    }
    await link.client.sadd(AGENTS_KEY, hello.name);
    return new AgentPresence(link, hello);
  }

  /**
   * The agent works for a run from now on.
   *
   * @param onSilence - called where Redis or the lab of that run is silent for too long, with the reason
   */
  async work(runId: string, onSilence: (reason: string) => void): Promise<void> {
    this.#lab = new LifeSigns();
    this.#runId = runId;
    this.#onSilence = onSilence;
    this.#hello = { ...this.#hello, busy: true };
    await this.#beat();
  }

  /** It waits for work again. */
  async rest(): Promise<void> {
    this.#runId = null;
    this.#onSilence = () => {};
    this.#hello = { ...this.#hello, busy: false };
    await this.#beat();
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    const { name } = this.#hello;
    await Promise.allSettled([
      this.#link.client.del(helloKey(name)),
      this.#link.client.srem(AGENTS_KEY, name),
    ]);
  }

  async #beat(): Promise<void> {
    this.#noticeSilence();
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#hello = { ...this.#hello, beat: this.#hello.beat + 1 };
    const { name } = this.#hello;
    const runId = this.#runId;
    try {
      const [, , lab] = await Promise.all([
        this.#link.client.set(helloKey(name), JSON.stringify(this.#hello), 'PX', HELLO_LIFE_MS),
        this.#link.client.sadd(AGENTS_KEY, name),
        runId === null ? null : this.#link.client.get(runKey(runId, 'lab')),
      ]);
      this.#lastAnswerMs = performance.now();
      if (runId !== null && runId === this.#runId) this.#seeLab(lab);
    } catch {
      // No answer: the silence is noticed by its length.
    } finally {
      this.#isBeating = false;
    }
  }

  #seeLab(beat: string | null): void {
    const silentMs = this.#lab.see('lab', beat, performance.now());
    if (silentMs > LAB_SILENCE_MS) this.#onSilence(`the lab gave no sign of life for ${seconds(silentMs)}`);
  }

  #noticeSilence(): void {
    const silentMs = performance.now() - this.#lastAnswerMs;
    if (silentMs > SILENCE_MS) this.#onSilence(`${this.#link.shown} did not answer for ${seconds(silentMs)}`);
  }
}

function seconds(ms: Milliseconds): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function nameTaken(name: string, shown: string): LabError {
  return new LabError({
    code: 'AGENT_NAME_TAKEN',
    message: `an agent "${name}" is at ${shown} already`,
    hint: 'pass another --name; each agent has a queue of its own by it',
  });
}
