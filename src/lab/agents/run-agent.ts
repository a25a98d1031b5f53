/** `lab agent`: waits for slices of a load and runs them, one after another. */
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { LabError } from '../../errors.ts';
import { packageVersion } from '../../package-root.ts';
import {
  type Hello,
  loadPlanSchema,
  type Order,
  orderSchema,
  PLAN_VERSION,
  type ProgressMessage,
  type SliceDone,
  type SliceJob,
  sliceJobSchema,
} from './agent-messages.ts';
import { AgentPresence } from './agent-presence.ts';
import { getChunks, putChunks } from './chunks.ts';
import { reachTarget } from './reach-target.ts';
import { measureRedisClock } from './redis-clock.ts';
import { agentQueue, QUEUE_PREFIX, runKey } from './redis-keys.ts';
import { closeWithin, ignoreError, openRedis, type RedisLink, type RedisWish } from './redis-link.ts';
import { SliceRun } from './slice-run.ts';
import { hostMarks } from './this-host.ts';

/** How long an agent's job stays its own without a word to BullMQ; the lab notices silence long before. */
const LOCK_MS = 30_000;
/** How long one question for orders waits. */
const ORDERS_BLOCK_MS = 500;

export interface AgentOptions {
  readonly redis: RedisWish;
  readonly name: string;
  /** Load threads where the lab does not say how many. */
  readonly threads: number;
  readonly cores: number;
  /** Version of the plans that it takes. Default: {@link PLAN_VERSION}. */
  readonly planVersion?: number;
  /** Ends it, in order. */
  readonly signal: AbortSignal;
  /** Told what happens, a line each. */
  readonly tell: (line: string) => void;
}

/**
 * Serves until the signal.
 *
 * @throws LabError `AGENT_NAME_TAKEN`, or as {@link openRedis}
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const link = await openRedis(options.redis);
  try {
    await new LoadAgent(options, link).serve();
  } finally {
    link.close();
  }
}

class LoadAgent {
  readonly #options: AgentOptions;
  readonly #link: RedisLink;
  readonly #planVersion: number;
  /** Ends the slice that is on. */
  #cancel: ((reason: Error) => void) | null = null;

  constructor(options: AgentOptions, link: RedisLink) {
    this.#options = options;
    this.#link = link;
    this.#planVersion = options.planVersion ?? PLAN_VERSION;
  }

  async serve(): Promise<void> {
    const { signal, name, tell, threads } = this.#options;
    const presence = await AgentPresence.join(this.#link, this.#hello());
    const worker = new this.#link.bullmq.Worker<SliceJob, SliceDone>(
      agentQueue(name),
      (job) => this.#serveJob(job, presence),
      {
        connection: this.#link.connection,
        prefix: QUEUE_PREFIX,
        concurrency: 1,
        lockDuration: LOCK_MS,
        // A slice that was left behind is never run again: it would be wrong data.
        maxStalledCount: 0,
      },
    );
    worker.on('error', ignoreError);
    try {
      await worker.waitUntilReady();
      tell(
        `Agent ${name} waits for work at ${this.#link.shown}: ${threads} load threads, plans of version ${this.#planVersion}.`,
      );
      if (!signal.aborted) {
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
      }
      this.#cancel?.(new Error('the agent was stopped'));
    } finally {
      await closeWithin([worker.close()]);
      await closeWithin([presence.leave(), this.#forgetQueue()]);
    }
  }

  /** An agent that comes again makes it anew. */
  async #forgetQueue(): Promise<void> {
    const queue = new this.#link.bullmq.Queue(agentQueue(this.#options.name), {
      connection: this.#link.connection,
      prefix: QUEUE_PREFIX,
    });
    queue.on('error', ignoreError);
    await queue.obliterate({ force: true });
    await queue.close();
  }

  #hello(): Hello {
    const { name, threads, cores } = this.#options;
    return {
      planVersion: this.#planVersion,
      name,
      instance: randomUUID(),
      host: os.hostname(),
      pid: process.pid,
      cores,
      threads,
      ...hostMarks(),
      labVersion: packageVersion,
      nodeVersion: process.version,
      busy: false,
      beat: 0,
    };
  }

  async #serveJob(job: Job<SliceJob, SliceDone>, presence: AgentPresence): Promise<SliceDone> {
    const { tell } = this.#options;
    try {
      const { runId, chunks } = this.#readJob(job.data);
      const done = await this.#runSlice(job, { runId, chunks }, presence);
      tell(`Slice of run ${runId} done.`);
      return done;
    } catch (error) {
      const line = error instanceof LabError ? error.toLine() : (error as Error).message;
      tell(`Slice not done: ${line}`);
      throw new Error(line);
    } finally {
      await presence.rest();
    }
  }

  #readJob(data: unknown): Pick<SliceJob, 'runId' | 'chunks'> {
    const version = (data as { planVersion?: unknown } | null)?.planVersion;
    if (version !== this.#planVersion) {
      throw new LabError({
        code: 'PLAN_VERSION',
        message: `expected a plan of version ${this.#planVersion}, got one of ${String(version)}`,
        hint: 'run the same version of tracker-lab on the lab and on its agents',
      });
    }
    return sliceJobSchema.parse(data);
  }

  async #runSlice(
    job: Job<SliceJob, SliceDone>,
    { runId, chunks }: Pick<SliceJob, 'runId' | 'chunks'>,
    presence: AgentPresence,
  ): Promise<SliceDone> {
    const { client } = this.#link;
    if ((await client.get(runKey(runId, 'lab'))) === null) {
      throw new Error('the lab that planned it is not there any more');
    }
    let run: SliceRun | null = null;
    let early: Error | null = null;
    this.#cancel = function cancelSlice(reason) {
      early ??= reason;
      run?.cancel(reason);
    };
    await presence.work(runId, (reason) => this.#cancel?.(new Error(reason)));
    const blocking = this.#link.blockingClient();
    try {
      const plan = loadPlanSchema.parse(await getChunks(client, runKey(runId, 'plan'), chunks));
      const threads = plan.threads[this.#options.name];
      if (threads === undefined) throw new Error('the plan has no slice for this agent');
      const clock = await measureRedisClock(client);
      for (const target of [plan.target, ...plan.otherTargets]) await reachTarget(target);
      const progress = new ProgressLine(job);
      run = await SliceRun.start({ plan, threads, clock, tell: (message) => progress.tell(message) });
      if (early !== null) run.cancel(early);
      progress.tell({
        type: 'ready',
        wallOffsetUs: clock.wallOffsetUs,
        wallUncertaintyUs: clock.uncertaintyUs,
      });
      this.#options.tell(
        `Slice of run ${runId}: threads ${threads.join(', ')} of ${plan.scenario.loadThreads}.`,
      );
      void this.#takeOrders(run, runId, blocking);
      const result = await run.result;
      await progress.flushed();
      const written = await putChunks(client, runKey(runId, `result:${this.#options.name}`), result);
      return { agent: this.#options.name, chunks: written };
    } finally {
      this.#cancel = null;
      blocking.disconnect();
    }
  }

  /** Until the client is disconnected. */
  async #takeOrders(run: SliceRun, runId: string, client: Redis): Promise<void> {
    const key = runKey(runId, 'orders');
    let last = '0';
    while (client.status !== 'end') {
      try {
        const streams = await client.xread('BLOCK', ORDERS_BLOCK_MS, 'STREAMS', key, last);
        for (const [id, fields] of streams?.[0]?.[1] ?? []) {
          last = id;
          const parsed = orderSchema.safeParse(JSON.parse(fields[1] ?? 'null'));
          if (parsed.success && isFor(parsed.data, this.#options.name)) run.take(parsed.data);
        }
      } catch {
        // The client connects again by itself; where it cannot, the silence ends the slice.
        await new Promise((resolve) => setTimeout(resolve, ORDERS_BLOCK_MS / 10));
      }
    }
  }
}

function isFor(order: Order, agent: string): boolean {
  return order.type !== 'abort' || order.agent === null || order.agent === agent;
}

/** Progress of a job, one message after another. */
class ProgressLine {
  readonly #job: Job<SliceJob, SliceDone>;
  #last: Promise<void> = Promise.resolve();

  constructor(job: Job<SliceJob, SliceDone>) {
    this.#job = job;
  }

  tell(message: ProgressMessage): void {
    // What does not arrive is missing in the live figures only; the result has all of it.
    this.#last = this.#last.then(() => this.#job.updateProgress(message)).catch(() => undefined);
  }

  /** Resolves when all that was told is on its way. */
  flushed(): Promise<void> {
    return this.#last;
  }
}
