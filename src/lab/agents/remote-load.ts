/**
 * The load of a run as its agents make it. Orders go out with a time of Redis, so that all agents follow them at one instant;
 * what an agent counts comes back as progress of its job and, at the end, whole.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ExitCode, LabError } from '../../errors.ts';
import type { AgentRecord, PhaseName } from '../../run.ts';
import type { Milliseconds, RunMilliseconds } from '../../units.ts';
import type { Load, LoadOptions, LoadResult } from '../load/load-pool.ts';
import { type MergedLoad, mergeThreads, type PhaseSpan } from '../load/merge-threads.ts';
import { clientShareOf } from '../load/thread-clients.ts';
import {
  type Hello,
  type LoadPlan,
  type Order,
  PLAN_VERSION,
  type ProgressMessage,
  progressSchema,
  type SliceDone,
  type SliceResult,
  sliceResultSchema,
} from './agent-messages.ts';
import { getChunks, putChunks } from './chunks.ts';
import type { ClockOffset } from './clock-offset.ts';
import { BEAT_MS, LifeSigns, SILENCE_MS, WATCH_MS } from './life-signs.ts';
import { measureRedisClock, monotonicUs } from './redis-clock.ts';
import { helloKey, RUN_KEYS_LIFE_S, runKey } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { RowMerger } from './row-merger.ts';
import { RunFlow } from './run-flow.ts';
import { hostMarks } from './this-host.ts';

/** For an agent to fetch its slice, open its sockets and reach the tracker. */
const PREPARE_MS: Milliseconds = 15_000;
/** Least time between an order and the moment that it names. */
const LEAST_LEAD_MS: Milliseconds = 250;
/** The same in round trips of the agent that is furthest away. */
const LEAD_ROUND_TRIPS = 4;
/** An agent that has not begun a phase by then is lost. */
const LATE_MS: Milliseconds = 1_000;
/** For the results, beyond the time-out of the last request: what a thread may take, and the way here. */
const RESULT_GRACE_MS: Milliseconds = 6_000;
const ORDERS_LINGER_S = 30;
/** A lab without a sign of life for so long is gone. */
const LAB_LIFE_MS: Milliseconds = 10_000;

export interface RemoteLoadOptions extends LoadOptions {
  readonly link: RedisLink;
  /** Who runs which threads. */
  readonly agents: readonly { readonly hello: Hello; readonly threads: readonly number[] }[];
}

/** What is known of one agent in this run. */
interface Member {
  readonly hello: Hello;
  readonly threads: readonly number[];
  state: 'preparing' | 'ready' | 'done' | 'lost';
  clock: Extract<ProgressMessage, { type: 'ready' }> | null;
  startSkewUs: number | null;
  readonly begun: Set<PhaseName>;
  result: SliceResult | null;
  lost: { reason: string; atMs: RunMilliseconds } | null;
}

export class RemoteLoad implements Load {
  readonly #options: RemoteLoadOptions;
  readonly #runId = randomUUID();
  readonly #clock: ClockOffset;
  /** Milliseconds of Redis when the run's clock was 0. */
  readonly #originMs: number;
  readonly #members: readonly Member[];
  readonly #rows: RowMerger;
  readonly #signs = new LifeSigns();
  readonly #spans: { phase: PhaseName; startMs: RunMilliseconds; endMs: RunMilliseconds | undefined }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #timers: NodeJS.Timeout[] = [];
  #flow: RunFlow | null = null;
  #beat = 0;
  #lastAnswerMs = performance.now();
  /** Agents whose job nobody ends any more. */
  readonly #silent = new Set<string>();
  #isLooking = false;
  #leadMs: Milliseconds = LEAST_LEAD_MS;
  #isStopOrdered = false;
  #giveUpTimer: NodeJS.Timeout | undefined;
  #result: Promise<LoadResult> | undefined;

  private constructor(options: RemoteLoadOptions, clock: ClockOffset) {
    this.#options = options;
    this.#clock = clock;
    this.#originMs = this.#nowUs() / 1000 - options.now();
    this.#members = options.agents.map(({ hello, threads }) => ({
      hello,
      threads,
      state: 'preparing',
      clock: null,
      startSkewUs: null,
      begun: new Set<PhaseName>(),
      result: null,
      lost: null,
    }));
    this.#rows = new RowMerger(options.agents.map(({ hello }) => hello.name));
  }

  /**
   * Hands the slices out and waits until every agent can send.
   *
   * @throws LabError `AGENT_NOT_READY`, `REDIS_REFUSED`; the agents wait for work again then
   */
  static async start(options: RemoteLoadOptions): Promise<RemoteLoad> {
    const load = new RemoteLoad(options, await measureRedisClock(options.link.client));
    try {
      await load.#handOut();
      await load.#until(() => load.#members.every(({ state }) => state !== 'preparing'), PREPARE_MS);
      for (const { hello, state, lost } of load.#members) {
        if (state !== 'ready')
          throw notReady(hello.name, lost?.reason ?? `no word within ${PREPARE_MS / 1000} s`);
      }
      const roundTripsUs = load.#members.map(({ clock }) => 2 * (clock?.wallUncertaintyUs ?? 0));
      const furthestMs = Math.max(2 * load.#clock.uncertaintyUs, ...roundTripsUs) / 1000;
      load.#leadMs = Math.max(LEAST_LEAD_MS, LEAD_ROUND_TRIPS * furthestMs);
      return load;
    } catch (error) {
      await load.#order({ type: 'abort', agent: null });
      await load.#close();
      throw error;
    }
  }

  get leadMs(): Milliseconds {
    return this.#leadMs;
  }

  async beginPhase(phase: PhaseName): Promise<void> {
    if (this.#result !== undefined || this.#spans.at(-1)?.phase === phase) return;
    const atUs = await this.#orderAhead((us) => ({ type: 'phase', phase, atUs: us }));
    if (this.#result !== undefined) return;
    const startMs = this.#runMs(atUs / 1000);
    this.#endSpan(startMs);
    this.#spans.push({ phase, startMs, endMs: undefined });
    this.#timers.push(setTimeout(() => this.#loseLate(phase), LATE_MS));
  }

  async endSending(): Promise<void> {
    if (this.#result !== undefined || this.#isStopOrdered) return;
    this.#isStopOrdered = true;
    const atUs = await this.#orderAhead((us) => ({ type: 'stop', atUs: us }));
    this.#endSpan(this.#runMs(atUs / 1000));
  }

  async stop(): Promise<LoadResult> {
    if (!this.#isStopOrdered) {
      this.#isStopOrdered = true;
      await this.#order({ type: 'stop', atUs: this.#nowUs() });
    }
    return this.#end(this.#options.scenario.timeoutMs + RESULT_GRACE_MS);
  }

  async abort(): Promise<LoadResult> {
    const result = this.#end(RESULT_GRACE_MS);
    await this.#order({ type: 'abort', agent: null });
    return result;
  }

  /** What became of each agent. */
  members(): (Pick<
    AgentRecord,
    | 'threads'
    | 'clientShare'
    | 'cleanRequests'
    | 'startSkewUs'
    | 'clockOffsetUs'
    | 'clockUncertaintyUs'
    | 'cleanCpuShare'
    | 'lost'
  > & { readonly hello: Hello })[] {
    return this.#members.map((member) => ({
      hello: member.hello,
      threads: member.threads.length,
      clientShare: clientShareOf(this.#options.scenario, member.threads),
      ...cleanFigures(member.result),
      startSkewUs: member.startSkewUs,
      clockOffsetUs: member.clock?.wallOffsetUs ?? null,
      clockUncertaintyUs: member.clock?.wallUncertaintyUs ?? null,
      lost: member.lost,
    }));
  }

  async #handOut(): Promise<void> {
    const { link, scenario, infoHashes, target, otherTargets = [] } = this.#options;
    await this.#giveSign();
    this.#timers.push(setInterval(() => void this.#giveSign(), BEAT_MS));
    this.#timers.push(setInterval(() => void this.#look(), WATCH_MS));
    const plan: LoadPlan = {
      scenario,
      threads: Object.fromEntries(this.#members.map(({ hello, threads }) => [hello.name, [...threads]])),
      infoHashes: infoHashes === null ? null : [...infoHashes],
      target: { ...target },
      otherTargets: otherTargets.map((other) => ({ ...other })),
      labClockOffsetUs: this.#clock.offsetUs,
      labMachine: hostMarks().machine,
    };
    const chunks = await putChunks(link.client, runKey(this.#runId, 'plan'), plan);
    this.#flow = await RunFlow.add({
      link,
      runId: this.#runId,
      agents: this.#members.map(({ hello }) => hello.name),
      job: { planVersion: PLAN_VERSION, runId: this.#runId, chunks },
      sinceMs: this.#nowUs() / 1000 - this.#clock.uncertaintyUs / 1000 - 1,
      onProgress: (agent, progress) => this.#onProgress(agent, progress),
      onFailed: (agent, reason) => this.#lose(agent, reason),
      onDone: (done) => void this.#fetchResults(done),
    });
  }

  #onProgress(agent: string, progress: unknown): void {
    const member = this.#member(agent);
    const parsed = progressSchema.safeParse(progress);
    if (member === undefined || member.state === 'lost') return;
    if (!parsed.success) {
      this.#lose(agent, 'it sends what this lab does not understand');
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case 'ready':
        member.clock = message;
        member.state = 'ready';
        this.#changed();
        break;
      case 'began':
        member.begun.add(message.phase);
        member.startSkewUs ??= message.skewUs;
        break;
      case 'row':
        this.#giveOut(
          this.#rows.add(agent, {
            phase: message.phase,
            startMs: Math.max(0, this.#runMs(message.startMs)),
            endMs: this.#runMs(message.endMs),
            intervals: message.intervals,
          }),
        );
        break;
      case 'thread-lost':
        this.#options.onFailure?.(threadLost(agent, message.line), false);
        break;
    }
  }

  #giveOut(rows: ReturnType<RowMerger['add']>): void {
    for (const row of rows) this.#options.onSecond(row);
  }

  async #fetchResults(done: readonly SliceDone[]): Promise<void> {
    const { client } = this.#options.link;
    await Promise.all(
      done.map(async ({ agent, chunks }) => {
        const member = this.#member(agent);
        if (member === undefined || member.state === 'lost') return;
        try {
          const document = await getChunks(client, runKey(this.#runId, `result:${agent}`), chunks);
          member.result = sliceResultSchema.parse(document);
          member.state = 'done';
        } catch (error) {
          this.#lose(agent, `its result could not be read (${(error as Error).message})`);
        }
      }),
    );
    this.#changed();
  }

  #member(agent: string): Member | undefined {
    return this.#members.find(({ hello }) => hello.name === agent);
  }

  /** From here on the agent is no part of the run, whatever it does. */
  #lose(agent: string, reason: string): void {
    const member = this.#member(agent);
    if (member === undefined || member.state === 'lost' || member.state === 'done') return;
    const wasPreparing = member.state === 'preparing';
    member.state = 'lost';
    member.lost = { reason, atMs: Math.max(0, this.#options.now()) };
    this.#giveOut(this.#rows.drop(agent));
    void this.#order({ type: 'abort', agent });
    void this.#flow?.drop(agent);
    this.#changed();
    if (wasPreparing) return;
    const isLast = this.#members.every(({ state }) => state === 'lost');
    this.#options.onFailure?.(agentLost(agent, this.#members.length, reason), isLast);
  }

  #loseLate(phase: PhaseName): void {
    // Where Redis is silent, that is the cause, and the agents' word may be on its way.
    if (performance.now() - this.#lastAnswerMs > 2 * WATCH_MS) {
      this.#timers.push(setTimeout(() => this.#loseLate(phase), WATCH_MS));
      return;
    }
    for (const { hello, begun, state } of this.#members) {
      if (state !== 'ready' || begun.has(phase)) continue;
      this.#lose(hello.name, `it did not begin the ${phase} phase within ${LATE_MS / 1000} s of its time`);
    }
  }

  async #giveSign(): Promise<void> {
    const key = runKey(this.#runId, 'lab');
    // A sign that does not arrive is followed by another.
    await this.#options.link.client.set(key, String(++this.#beat), 'PX', LAB_LIFE_MS).catch(() => undefined);
  }

  /** Looks for the agents' signs of life. */
  async #look(): Promise<void> {
    const { client, shown } = this.#options.link;
    const silentMs = performance.now() - this.#lastAnswerMs;
    if (silentMs > SILENCE_MS) {
      for (const { hello } of this.#members)
        this.#lose(hello.name, `${shown} did not answer for ${seconds(silentMs)}`);
    }
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const texts = await client.mget(this.#members.map(({ hello }) => helloKey(hello.name)));
      this.#lastAnswerMs = performance.now();
      this.#members.forEach(({ hello }, index) => {
        const silence = this.#signs.see(hello.name, beatOf(texts[index] ?? null, hello), performance.now());
        if (silence <= SILENCE_MS) return;
        this.#silent.add(hello.name);
        this.#lose(hello.name, `it gave no sign of life for ${seconds(silence)}`);
      });
    } catch {
      // No answer: the silence is noticed by its length.
    } finally {
      this.#isLooking = false;
    }
  }

  /** Gives an order whose time is a little ahead, and waits for that time. */
  async #orderAhead(orderAt: (atUs: number) => Order): Promise<number> {
    const atUs = Math.round(this.#nowUs() + this.#leadMs * 1000);
    await this.#order(orderAt(atUs));
    const leftMs = (atUs - this.#nowUs()) / 1000;
    if (leftMs > 0) await delay(leftMs);
    return atUs;
  }

  /** An order that does not arrive: the silence is noticed by its length. Never rejects. */
  async #order(order: Order): Promise<void> {
    const { client } = this.#options.link;
    const key = runKey(this.#runId, 'orders');
    try {
      await client.xadd(key, '*', 'order', JSON.stringify(order));
      await client.expire(key, RUN_KEYS_LIFE_S);
    } catch {
      // See above.
    }
  }

  #end(patienceMs: Milliseconds): Promise<LoadResult> {
    this.#endSpan(this.#options.now());
    clearTimeout(this.#giveUpTimer);
    this.#giveUpTimer = setTimeout(() => this.#giveUp(patienceMs), patienceMs);
    this.#result ??= this.#collect();
    return this.#result;
  }

  #giveUp(afterMs: Milliseconds): void {
    for (const { hello } of this.#members) this.#lose(hello.name, `no result within ${afterMs} ms`);
  }

  async #collect(): Promise<LoadResult> {
    await this.#until(() => this.#members.every(({ state }) => state === 'done' || state === 'lost'), null);
    clearTimeout(this.#giveUpTimer);
    for (const { hello } of this.#members) this.#giveOut(this.#rows.drop(hello.name));
    await this.#close();
    return loadResult(this.#options, this.#members, this.#spans as PhaseSpan[]);
  }

  #endSpan(endMs: RunMilliseconds): void {
    const current = this.#spans.at(-1);
    if (current !== undefined) current.endMs ??= endMs;
  }

  #nowUs(): number {
    return monotonicUs() + this.#clock.offsetUs;
  }

  #runMs(redisMs: number): RunMilliseconds {
    return redisMs - this.#originMs;
  }

  /** @param patienceMs - null: for as long as it takes */
  #until(holds: () => boolean, patienceMs: Milliseconds | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = patienceMs === null ? undefined : setTimeout(finish, patienceMs);
      const waiting = this.#waiting;
      function finish(): void {
        clearTimeout(timer);
        waiting.delete(check);
        resolve();
      }
      function check(): void {
        if (holds()) finish();
      }
      waiting.add(check);
      check();
    });
  }

  #changed(): void {
    for (const check of [...this.#waiting]) check();
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#flow?.close([...this.#silent]);
    const results = this.#members.map(({ hello }) => runKey(this.#runId, `result:${hello.name}`));
    const { client } = this.#options.link;
    await Promise.allSettled([
      client.del(runKey(this.#runId, 'plan'), runKey(this.#runId, 'lab'), ...results),
      // Orders stay for a moment, for those who have not read them.
      client.expire(runKey(this.#runId, 'orders'), ORDERS_LINGER_S),
    ]);
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

/** The threads of all agents, added up as if they had been one generator's. Pure. */
function loadResult(
  { scenario }: Pick<LoadOptions, 'scenario'>,
  members: readonly Member[],
  spans: readonly PhaseSpan[],
): LoadResult {
  const results = members.flatMap(({ result }) => (result === null ? [] : [result]));
  // Where nobody reported, nothing is known: not that nothing was sent.
  const known = results.length === 0 ? [] : spans;
  const merged: MergedLoad = mergeThreads(
    results.flatMap(({ reports }) => reports),
    known,
  );
  const gone = members.flatMap(({ lost, hello, threads }) =>
    lost === null ? [] : [{ lost, hello, threads }],
  );
  const died = results.map(({ lostThreads }) => lostThreads);
  return {
    ...merged,
    lostThreads: {
      count:
        gone.reduce((sum, { threads }) => sum + threads.length, 0) +
        died.reduce((sum, { count }) => sum + count, 0),
      clientShare: Math.min(
        1,
        gone.reduce((sum, { threads }) => sum + clientShareOf(scenario, threads), 0) +
          died.reduce((sum, { clientShare }) => sum + clientShare, 0),
      ),
      causes: [
        ...gone.map(({ hello, lost }) => `agent ${hello.name}: ${lost.reason}`),
        ...died.flatMap(({ causes }) => causes),
      ],
    },
  };
}

function cleanFigures(result: SliceResult | null): Pick<AgentRecord, 'cleanRequests' | 'cleanCpuShare'> {
  const phases =
    result?.reports.flatMap(({ phases: all }) => all.filter(({ phase }) => phase === 'clean')) ?? [];
  if (phases.length === 0) return { cleanRequests: null, cleanCpuShare: null };
  const shares = phases.map(({ cpuShare }) => cpuShare).filter((share) => share !== null);
  return {
    cleanRequests: phases.reduce((sum, { tally: { operations } }) => {
      return sum + operations.connect.sent + operations.announce.sent + operations.scrape.sent;
    }, 0),
    cleanCpuShare: shares.length < phases.length ? null : shares.reduce((sum, share) => sum + share, 0),
  };
}

function seconds(ms: Milliseconds): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function notReady(agent: string, reason: string): LabError {
  return new LabError({
    code: 'AGENT_NOT_READY',
    message: `load agent ${agent} did not get ready: ${reason}`,
    hint: 'look at what that agent says; the others wait for work again',
    exitCode: ExitCode.invalidRun,
  });
}

function agentLost(agent: string, agents: number, reason: string): LabError {
  return new LabError({
    code: 'AGENT_LOST',
    message: `load agent ${agent} of ${agents} is lost (${reason})`,
    hint: 'the figures leave its slice out; look at that host, and run again',
    exitCode: ExitCode.invalidRun,
  });
}

function threadLost(agent: string, line: string): LabError {
  return new LabError({
    code: 'AGENT_THREAD_DIED',
    message: `load agent ${agent} lost a thread (${line})`,
    hint: 'the figures leave its clients out; run again',
    exitCode: ExitCode.invalidRun,
  });
}
