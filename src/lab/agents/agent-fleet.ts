/** The load agents that a run has: found, checked, and handed their slices. */
import { setTimeout as delay } from 'node:timers/promises';
import { ExitCode, LabError } from '../../errors.ts';
import type { AgentsRecord } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';
import type { Load, LoadOptions } from '../load/load-pool.ts';
import type { ScenarioPlan } from '../plan.ts';
import { isLoopback } from '../target/address-target.ts';
import { parseStat } from '../target/proc-text.ts';
import { readProc } from '../target/read-proc.ts';
import { anyHelloSchema, type Hello, helloSchema, PLAN_VERSION } from './agent-messages.ts';
import { type Deal, dealThreads } from './deal-threads.ts';
import { AGENTS_KEY, helloKey } from './redis-keys.ts';
import { openRedis, type RedisLink, type RedisWish } from './redis-link.ts';
import { RemoteLoad } from './remote-load.ts';
import { hostMarks, isSameMachine, sharesLoopback, sharesProcesses } from './this-host.ts';

const LOOK_MS: Milliseconds = 250;

export interface GatherOptions {
  readonly redis: RedisWish;
  /** Agents that are wanted. */
  readonly count: number;
  /** How long they are waited for. */
  readonly waitMs: Milliseconds;
  readonly signal: AbortSignal;
  /** Told of what is waited for, and of who is refused. */
  readonly tell: (line: string) => void;
}

/**
 * Waits for agents.
 *
 * @throws LabError `AGENTS_MISSING`, `INTERRUPTED`, or as {@link openRedis}
 */
export async function gatherAgents(options: GatherOptions): Promise<AgentFleet> {
  const link = await openRedis(options.redis);
  try {
    return new AgentFleet(link, await waitForAgents(link, options));
  } catch (error) {
    link.close();
    throw error;
  }
}

async function waitForAgents(link: RedisLink, options: GatherOptions): Promise<Hello[]> {
  const { count, waitMs, signal, tell } = options;
  const untilMs = performance.now() + waitMs;
  const told = new Set<string>();
  const tellOnce = (line: string): void => {
    if (!told.has(line)) tell(line);
    told.add(line);
  };
  for (;;) {
    const { free, busy, foreign } = await lookAround(link);
    for (const { name, planVersion } of foreign) {
      tellOnce(
        `Agent ${name} is refused: it takes plans of version ${planVersion}, this lab makes version ${PLAN_VERSION}.`,
      );
    }
    if (free.length >= count) return free.slice(0, count);
    tellOnce(`Waiting for ${count} load agents at ${link.shown}.`);
    if (signal.aborted) throw interrupted(String(signal.reason));
    if (performance.now() > untilMs) throw agentsMissing({ count, waitMs, free, busy, foreign, link });
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

interface Surroundings {
  /** In the order of their names. */
  readonly free: readonly Hello[];
  readonly busy: readonly Hello[];
  /** Of another version. */
  readonly foreign: readonly { readonly name: string; readonly planVersion: number }[];
}

async function lookAround({ client }: RedisLink): Promise<Surroundings> {
  const names = (await client.smembers(AGENTS_KEY)).sort();
  const texts = names.length === 0 ? [] : await client.mget(names.map(helloKey));
  const gone = names.filter((_, index) => texts[index] == null);
  // It adds itself again with its next sign of life, if there is one.
  if (gone.length > 0) await client.srem(AGENTS_KEY, ...gone);
  const hellos = texts.flatMap((text) => (text == null ? [] : [readJson(text)]));
  const ours = hellos.flatMap((hello) => {
    const parsed = helloSchema.safeParse(hello);
    return parsed.success && parsed.data.planVersion === PLAN_VERSION ? [parsed.data] : [];
  });
  const foreign = hellos.flatMap((hello) => {
    const parsed = anyHelloSchema.safeParse(hello);
    return parsed.success && parsed.data.planVersion !== PLAN_VERSION ? [parsed.data] : [];
  });
  return { free: ours.filter(({ busy }) => !busy), busy: ours.filter(({ busy }) => busy), foreign };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Agents that a lab has found; they may serve several runs, one after another. */
export class AgentFleet {
  readonly #link: RedisLink;
  readonly #hellos: readonly Hello[];
  #load: RemoteLoad | null = null;
  /** Of the agents on this machine, the last that was read. */
  readonly #cpuMs = new Map<string, Milliseconds>();

  /** Use {@link gatherAgents}. */
  constructor(link: RedisLink, hellos: readonly Hello[]) {
    this.#link = link;
    this.#hellos = hellos;
  }

  get size(): number {
    return this.#hellos.length;
  }

  /** What the operator should know of them, a sentence each. */
  get notes(): string[] {
    const here = this.#here().map(({ name }) => name);
    const names = this.#hellos.map(({ name, host }) => `${name} on ${host}`).join(', ');
    return [
      `The load came from ${this.size} agents: ${names}.`,
      ...(here.length === 0
        ? []
        : [`On this machine, whose cores they share with the lab: ${here.join(', ')}.`]),
    ];
  }

  /**
   * The plan of a run with as many load threads as the agents run, unless the operator gave their number.
   *
   * @throws LabError `BAD_SCENARIO` where they cannot share it
   */
  planFor(plan: ScenarioPlan): ScenarioPlan {
    return { ...plan, scenario: { ...plan.scenario, loadThreads: this.#deal(plan).loadThreads } };
  }

  /**
   * Refuses a target that the lab reaches at 127.0.0.1 where an agent would find another machine there.
   *
   * @param address - IP address
   * @throws LabError `AGENT_CANNOT_REACH`
   */
  checkTarget(address: string): void {
    if (!isLoopback(address)) return;
    const marks = hostMarks();
    const away = this.#hellos.filter((hello) => !sharesLoopback(hello, marks));
    if (away.length === 0) return;
    const names = away.map(({ name, host }) => `${name} (${host})`).join(', ');
    throw new LabError({
      code: 'AGENT_CANNOT_REACH',
      message: `the tracker serves ${address}, which is another machine's own address on ${names}`,
      hint: 'let it serve an address that they reach: --tracker-host ADDRESS for our tracker, else --target udp://ADDRESS:PORT --allow-remote',
    });
  }

  /** @throws LabError as `RemoteLoad.start` */
  async startLoad(options: LoadOptions): Promise<Load> {
    const { slices } = dealThreads(this.#hellos, options.scenario.concurrency, options.scenario.loadThreads);
    this.#load = await RemoteLoad.start({
      ...options,
      link: this.#link,
      agents: this.#hellos.map((hello, index) => ({ hello, threads: slices[index] ?? [] })),
    });
    return this.#load;
  }

  /** CPU time of the agents on this machine, which is the generator's and nobody else's. */
  localCpuMs(): Milliseconds {
    for (const { name, pid } of this.#here()) {
      const stat = parseStat(readProc(`/proc/${pid}/stat`));
      if (stat !== null) this.#cpuMs.set(name, stat.cpuUserMs + stat.cpuSystemMs);
    }
    return [...this.#cpuMs.values()].reduce((sum, ms) => sum + ms, 0);
  }

  /** What the run's record keeps of the agents of the last load; null: there was none. */
  record(): AgentsRecord | null {
    if (this.#load === null) return null;
    const marks = hostMarks();
    return {
      planVersion: PLAN_VERSION,
      redis: this.#link.shown,
      members: this.#load.members().map(({ hello, ...figures }) => ({
        name: hello.name,
        host: hello.host,
        cores: hello.cores,
        labVersion: hello.labVersion,
        nodeVersion: hello.nodeVersion,
        onLabMachine: isSameMachine(hello, marks),
        ...figures,
      })),
    };
  }

  close(): void {
    this.#link.close();
  }

  #here(): Hello[] {
    const marks = hostMarks();
    return this.#hellos.filter((hello) => sharesProcesses(hello, marks));
  }

  #deal({ scenario, sources }: ScenarioPlan): Deal {
    const isGiven = sources['loadThreads'] !== 'derived';
    return dealThreads(this.#hellos, scenario.concurrency, isGiven ? scenario.loadThreads : null);
  }
}

function agentsMissing(
  found: Surroundings & { count: number; waitMs: Milliseconds; link: RedisLink },
): LabError {
  const { count, waitMs, free, busy, foreign, link } = found;
  const parts = [
    `${free.length} free${free.length === 0 ? '' : ` (${free.map(({ name }) => name).join(', ')})`}`,
    ...(busy.length === 0 ? [] : [`${busy.length} at work (${busy.map(({ name }) => name).join(', ')})`]),
    ...foreign.map(
      ({ name, planVersion }) => `${name} of plan version ${planVersion} instead of ${PLAN_VERSION}`,
    ),
  ];
  return new LabError({
    code: 'AGENTS_MISSING',
    message: `expected ${count} load agents at ${link.shown}, found ${parts.join(', ')} within ${waitMs / 1000} s`,
    hint:
      foreign.length > 0
        ? 'run the same version of tracker-lab on the lab and on its agents'
        : 'start more with tracker-lab agent --redis URL --name NAME, or wait longer with --agents-wait',
  });
}

function interrupted(reason: string): LabError {
  return new LabError({
    code: 'INTERRUPTED',
    message: `stopped by ${reason} while load agents were waited for`,
    hint: 'there is nothing to save; run it again',
    exitCode: ExitCode.interrupted,
  });
}
