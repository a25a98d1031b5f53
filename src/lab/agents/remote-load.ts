/**
 * The load of a run as its agents make it. Orders go out with a time of Redis, so that all agents follow them at one instant;
 * what an agent counts comes back as progress of its job and, at the end, whole.
 */
import { randomUUID } from 'node:crypto';
import type { PhaseName } from '../../run.ts';
import type { Milliseconds, RunMilliseconds } from '../../units.ts';
import type { Load, LoadOptions, LoadResult } from '../load/load-pool.ts';
import type { PhaseSpan } from '../load/merge-threads.ts';
import { agentLost, agentNotReady, agentThreadDied } from './agent-errors.ts';
import {
  type Hello,
  type LoadPlan,
  PLAN_VERSION,
  progressSchema,
  type SliceDone,
  sliceResultSchema,
} from './agent-messages.ts';
import { AgentWatch } from './agent-watch.ts';
import { getChunks, putChunks } from './chunks.ts';
import type { ClockOffset } from './clock-offset.ts';
import { SILENCE_MS, WATCH_MS } from './life-signs.ts';
import { OrderLine } from './order-line.ts';
import { measureRedisClock, monotonicUs } from './redis-clock.ts';
import { runKey } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { RowMerger } from './row-merger.ts';
import { RunFlow } from './run-flow.ts';
import {
  loadResult,
  newMember,
  type Slice,
  type SliceFigures,
  type SliceMember,
  sliceFigures,
} from './slice-member.ts';
import { hostMarks } from './this-host.ts';
import { UntilHolds } from './until-holds.ts';

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

export interface RemoteLoadOptions extends LoadOptions {
  readonly link: RedisLink;
  /** Who runs which threads. */
  readonly agents: readonly Slice[];
}

export class RemoteLoad implements Load {
  readonly #options: RemoteLoadOptions;
  readonly #runId = randomUUID();
  readonly #clock: ClockOffset;
  /** Milliseconds of Redis when the run's clock was 0. */
  readonly #originMs: number;
  readonly #members: readonly SliceMember[];
  readonly #rows: RowMerger;
  readonly #orders: OrderLine;
  readonly #spans: { phase: PhaseName; startMs: RunMilliseconds; endMs: RunMilliseconds | undefined }[] = [];
  readonly #states = new UntilHolds();
  readonly #timers: NodeJS.Timeout[] = [];
  #flow: RunFlow | null = null;
  #watch: AgentWatch | null = null;
  #leadMs: Milliseconds = LEAST_LEAD_MS;
  #isStopOrdered = false;
  #giveUpTimer: NodeJS.Timeout | undefined;
  #result: Promise<LoadResult> | undefined;

  private constructor(options: RemoteLoadOptions, clock: ClockOffset) {
    this.#options = options;
    this.#clock = clock;
    this.#originMs = this.#nowUs() / 1000 - options.now();
    this.#members = options.agents.map(newMember);
    this.#orders = new OrderLine(options.link, this.#runId, () => this.#nowUs());
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
      await load.#states.wait(() => load.#members.every(({ state }) => state !== 'preparing'), PREPARE_MS);
      for (const { hello, state, lost } of load.#members) {
        if (state !== 'ready')
          throw agentNotReady(hello.name, lost?.reason ?? `no word within ${PREPARE_MS / 1000} s`);
      }
      const roundTripsUs = load.#members.map(({ clock }) => 2 * (clock?.wallUncertaintyUs ?? 0));
      const furthestMs = Math.max(2 * load.#clock.uncertaintyUs, ...roundTripsUs) / 1000;
      load.#leadMs = Math.max(LEAST_LEAD_MS, LEAD_ROUND_TRIPS * furthestMs);
      return load;
    } catch (error) {
      await load.#orders.give({ type: 'abort', agent: null });
      await load.#close();
      throw error;
    }
  }

  get leadMs(): Milliseconds {
    return this.#leadMs;
  }

  async beginPhase(phase: PhaseName): Promise<void> {
    if (this.#result !== undefined || this.#spans.at(-1)?.phase === phase) return;
    const atUs = await this.#orders.giveAhead(this.#leadMs, (us) => ({ type: 'phase', phase, atUs: us }));
    if (this.#result !== undefined) return;
    const startMs = this.#runMs(atUs / 1000);
    this.#endSpan(startMs);
    this.#spans.push({ phase, startMs, endMs: undefined });
    this.#timers.push(setTimeout(() => this.#loseLate(phase), LATE_MS));
  }

  async endSending(): Promise<void> {
    if (this.#result !== undefined || this.#isStopOrdered) return;
    this.#isStopOrdered = true;
    const atUs = await this.#orders.giveAhead(this.#leadMs, (us) => ({ type: 'stop', atUs: us }));
    this.#endSpan(this.#runMs(atUs / 1000));
  }

  async stop(): Promise<LoadResult> {
    if (!this.#isStopOrdered) {
      this.#isStopOrdered = true;
      await this.#orders.give({ type: 'stop', atUs: this.#nowUs() });
    }
    return this.#end(this.#options.scenario.timeoutMs + RESULT_GRACE_MS);
  }

  async abort(): Promise<LoadResult> {
    const result = this.#end(RESULT_GRACE_MS);
    if (!this.#isRedisGone) await this.#orders.give({ type: 'abort', agent: null });
    return result;
  }

  /** What became of each agent. */
  members(): (SliceFigures & { readonly hello: Hello })[] {
    return this.#members.map((member) => ({
      hello: member.hello,
      ...sliceFigures(member, this.#options.scenario),
    }));
  }

  async #handOut(): Promise<void> {
    const { link, scenario, infoHashes, target, otherTargets = [] } = this.#options;
    this.#watch = await AgentWatch.begin({
      link,
      runId: this.#runId,
      agents: this.#members.map(({ hello }) => hello),
      onSilence: (agent, reason) => this.#lose(agent, reason),
    });
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
        this.#states.check();
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
        this.#options.onFailure?.(agentThreadDied(agent, message.line), false);
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
    this.#states.check();
  }

  #member(agent: string): SliceMember | undefined {
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
    void this.#orders.give({ type: 'abort', agent });
    void this.#flow?.drop(agent);
    this.#states.check();
    if (wasPreparing) return;
    const isLast = this.#members.every(({ state }) => state === 'lost');
    this.#options.onFailure?.(agentLost(agent, this.#members.length, reason), isLast);
  }

  #loseLate(phase: PhaseName): void {
    // Where Redis is silent, that is the cause, and the agents' word may be on its way.
    if ((this.#watch?.redisSilenceMs ?? 0) > 2 * WATCH_MS) {
      this.#timers.push(setTimeout(() => this.#loseLate(phase), WATCH_MS));
      return;
    }
    for (const { hello, begun, state } of this.#members) {
      if (state !== 'ready' || begun.has(phase)) continue;
      this.#lose(hello.name, `it did not begin the ${phase} phase within ${LATE_MS / 1000} s of its time`);
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
    await this.#states.wait(
      () => this.#members.every(({ state }) => state === 'done' || state === 'lost'),
      null,
    );
    clearTimeout(this.#giveUpTimer);
    for (const { hello } of this.#members) this.#giveOut(this.#rows.drop(hello.name));
    await this.#close();
    return loadResult(this.#options.scenario, this.#members, this.#spans as PhaseSpan[]);
  }

  #endSpan(endMs: RunMilliseconds): void {
    const current = this.#spans.at(-1);
    if (current !== undefined) current.endMs ??= endMs;
  }

  /** Nothing that is put there is read any more: agents notice the silence themselves, and all that is there expires. */
  get #isRedisGone(): boolean {
    return (this.#watch?.redisSilenceMs ?? 0) > SILENCE_MS;
  }

  #nowUs(): number {
    return monotonicUs() + this.#clock.offsetUs;
  }

  #runMs(redisMs: number): RunMilliseconds {
    return redisMs - this.#originMs;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#watch?.end();
    if (this.#isRedisGone) {
      this.#flow?.abandon();
      return;
    }
    await this.#flow?.close(this.#watch?.silent ?? []);
    const results = this.#members.map(({ hello }) => runKey(this.#runId, `result:${hello.name}`));
    const { client } = this.#options.link;
    await Promise.allSettled([
      client.del(runKey(this.#runId, 'plan'), runKey(this.#runId, 'lab'), ...results),
      this.#orders.end(),
    ]);
  }
}
