/** One run as BullMQ has it: a parent job that waits for one job on each agent's own queue. */
import type { FlowProducer, Job, Queue, QueueEvents, Worker } from 'bullmq';
import { LabError } from '../../errors.ts';
import type { Milliseconds } from '../../units.ts';
import { type SliceDone, type SliceJob, sliceDoneSchema } from './agent-messages.ts';
import { agentQueue, QUEUE_PREFIX, runQueue } from './redis-keys.ts';
import { closeWithin, ignoreError, type RedisLink } from './redis-link.ts';

export interface RunFlowOptions {
  readonly link: RedisLink;
  readonly runId: string;
  /** Names. */
  readonly agents: readonly string[];
  readonly job: SliceJob;
  /** Time of Redis before which nothing of this run happened. */
  readonly sinceMs: Milliseconds;
  readonly onProgress: (agent: string, progress: unknown) => void;
  /** The job of this agent failed; it is not tried again. */
  readonly onFailed: (agent: string, reason: string) => void;
  /** No job is waited for any more. */
  readonly onDone: (done: readonly SliceDone[]) => void;
}

export class RunFlow {
  readonly #options: RunFlowOptions;
  readonly #producer: FlowProducer;
  readonly #parent: Worker;
  readonly #parentQueue: Queue;
  readonly #events: readonly QueueEvents[];
  readonly #queues = new Map<string, Queue<SliceJob>>();

  private constructor(options: RunFlowOptions) {
    this.#options = options;
    const { link, runId, agents } = options;
    const { FlowProducer, QueueEvents, Queue, Worker } = link.bullmq;
    const common = { connection: link.connection, prefix: QUEUE_PREFIX };
    this.#producer = new FlowProducer(common);
    this.#parentQueue = new Queue(runQueue(runId), common);
    this.#parent = new Worker(runQueue(runId), (job) => this.#gather(job), {
      ...common,
      // Nobody else works on it; and their timers would outlive a Redis that has gone.
      skipStalledCheck: true,
      skipLockRenewal: true,
    });
    this.#events = agents.map((agent) => {
      // An id of a stream begins with the time of Redis: nothing is missed, and nothing of earlier runs is read.
      const events = new QueueEvents(agentQueue(agent), {
        ...common,
        lastEventId: `${Math.floor(options.sinceMs)}-0`,
      });
      events.on('progress', ({ jobId, data }) => {
        if (jobId === runId) options.onProgress(agent, data);
      });
      events.on('failed', ({ jobId, failedReason }) => {
        if (jobId === runId) options.onFailed(agent, failedReason);
      });
      return events;
    });
    for (const agent of agents) this.#queues.set(agent, new Queue(agentQueue(agent), common));
    const all = [this.#producer, this.#parentQueue, this.#parent, ...this.#events, ...this.#queues.values()];
    for (const one of all) (one as NodeJS.EventEmitter).on('error', ignoreError);
  }

  /** @throws LabError `REDIS_REFUSED` where the jobs cannot be added */
  static async add(options: RunFlowOptions): Promise<RunFlow> {
    const flow = new RunFlow(options);
    const { runId, agents, job, link } = options;
    try {
      await flow.#producer.add({
        name: 'run',
        queueName: runQueue(runId),
        prefix: QUEUE_PREFIX,
        opts: { jobId: runId, attempts: 1, removeOnComplete: true, removeOnFail: true },
        children: agents.map((agent) => ({
          name: 'slice',
          queueName: agentQueue(agent),
          prefix: QUEUE_PREFIX,
          data: job,
          // A slice that is run again is wrong data, and one that failed is no reason to lose the others.
          opts: {
            jobId: runId,
            attempts: 1,
            ignoreDependencyOnFailure: true,
            removeOnComplete: true,
            removeOnFail: true,
          },
        })),
      });
      return flow;
    } catch (cause) {
      await flow.close([]);
      throw new LabError({
        code: 'REDIS_REFUSED',
        message: `the jobs of the run could not be added at ${link.shown} (${(cause as Error).message})`,
        hint: 'check that its user may run scripts and write keys of tracker-lab*',
        cause,
      });
    }
  }

  /** The parent job no longer waits for this agent's. Never rejects. */
  async drop(agent: string): Promise<void> {
    const queue = this.#queues.get(agent);
    if (queue === undefined) return;
    await closeWithin([queue.getJob(this.#options.runId).then((job) => job?.removeChildDependency())]);
  }

  /**
   * Takes back everything of the run. Never rejects.
   *
   * @param silent - agents that do not end their job any more: their queues go, too
   */
  async close(silent: readonly string[]): Promise<void> {
    const forgotten = silent.map(async (agent) => this.#queues.get(agent)?.obliterate({ force: true }));
    await closeWithin([this.#parentQueue.obliterate({ force: true }), ...forgotten]);
    await closeWithin([
      this.#parent.close(),
      this.#producer.close(),
      this.#parentQueue.close(),
      ...this.#events.map((events) => events.close()),
      ...[...this.#queues.values()].map((queue) => queue.close()),
    ]);
  }

  /** Leaves a Redis that does not answer any more: what is there of the run expires. The link ends the ways to it. */
  abandon(): void {
    const others = [this.#producer, this.#parentQueue, ...this.#events, ...this.#queues.values()];
    // From now on they do not try again; their good-byes are not waited for.
    void Promise.allSettled([this.#parent.close(true), ...others.map((one) => one.close())]);
  }

  async #gather(job: Job): Promise<void> {
    const values = Object.values(await job.getChildrenValues<unknown>());
    this.#options.onDone(
      values.flatMap((value) => {
        const parsed = sliceDoneSchema.safeParse(value);
        return parsed.success ? [parsed.data] : [];
      }),
    );
  }
}
