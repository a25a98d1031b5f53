import type { Milliseconds } from '../../units.ts';
import type { Hello } from './agent-messages.ts';
import { BEAT_MS, LifeSigns, SILENCE_MS, WATCH_MS } from './life-signs.ts';
import { helloKey, runKey } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';

/** A lab without a sign of life for so long is gone. */
const LAB_LIFE_MS: Milliseconds = 10_000;

interface AgentWatchOptions {
  readonly link: RedisLink;
  readonly runId: string;
  readonly agents: readonly Hello[];
  /** Called while it lasts, and so more than once. */
  readonly onSilence: (agent: string, reason: string) => void;
}

/** Looks for the signs of life of a run's agents, and gives those of the lab. */
export class AgentWatch {
  readonly #options: AgentWatchOptions;
  readonly #signs = new LifeSigns();
  /** Agents whose job nobody ends any more. */
  readonly #silent = new Set<string>();
  readonly #timers: readonly NodeJS.Timeout[];
  #beat = 0;
  #lastAnswerMs = performance.now();
  #isLooking = false;

  private constructor(options: AgentWatchOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => void this.#giveSign(), BEAT_MS),
      setInterval(() => void this.#look(), WATCH_MS),
    ];
  }

  /** Begins; the lab's first sign is there then, if Redis answers. */
  static async begin(options: AgentWatchOptions): Promise<AgentWatch> {
    const watch = new AgentWatch(options);
    await watch.#giveSign();
    return watch;
  }

  /** Those that were silent themselves, by name: not for Redis being so. */
  get silent(): readonly string[] {
    return [...this.#silent];
  }

  /** For how long Redis has not answered. */
  get redisSilenceMs(): Milliseconds {
    return performance.now() - this.#lastAnswerMs;
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #giveSign(): Promise<void> {
    const key = runKey(this.#options.runId, 'lab');
    // A sign that does not arrive is followed by another.
    await this.#options.link.client.set(key, String(++this.#beat), 'PX', LAB_LIFE_MS).catch(() => undefined);
  }

  async #look(): Promise<void> {
    const { link, agents, onSilence } = this.#options;
    const silentMs = this.redisSilenceMs;
    if (silentMs > SILENCE_MS) {
      for (const { name } of agents) onSilence(name, `${link.shown} did not answer for ${seconds(silentMs)}`);
    }
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const texts = await link.client.mget(agents.map(({ name }) => helloKey(name)));
      this.#lastAnswerMs = performance.now();
      agents.forEach((hello, index) => {
        const silence = this.#signs.see(hello.name, beatOf(texts[index] ?? null, hello), performance.now());
        if (silence <= SILENCE_MS) return;
        this.#silent.add(hello.name);
        onSilence(hello.name, `it gave no sign of life for ${seconds(silence)}`);
      });
    } catch {
      // No answer: the silence is noticed by its length.
    } finally {
      this.#isLooking = false;
    }
  }
}

/** An agent that was started anew is no longer the one that had the slice. */
function beatOf(text: string | null, { instance }: Hello): string | null {
  if (text === null) return null;
  try {
    const hello = JSON.parse(text) as { beat?: unknown; instance?: unknown };
    return hello.instance === instance ? String(hello.beat) : null;
  } catch {
    return null;
  }
}

function seconds(ms: Milliseconds): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
