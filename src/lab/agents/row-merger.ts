import { type LoadRow, type PhaseName, phaseNames } from '../../run.ts';
import type { RunMilliseconds } from '../../units.ts';
import type { IntervalReport } from '../load/interval-tally.ts';
import { mergeIntervals } from '../load/load-row.ts';

/** What one agent counted in about a second. */
export interface AgentRow {
  readonly phase: PhaseName;
  readonly startMs: RunMilliseconds;
  readonly endMs: RunMilliseconds;
  readonly intervals: readonly IntervalReport[];
}

/** Rows whose ends are closer than this are of one second. */
const SAME_SECOND_MS = 500;

/** Makes one row a second of those of all agents, whenever each of them has told its own. Pure. */
export class RowMerger {
  readonly #queues: Map<string, AgentRow[]>;
  readonly #awaited: Set<string>;

  constructor(agents: readonly string[]) {
    this.#queues = new Map(agents.map((agent) => [agent, []]));
    this.#awaited = new Set(agents);
  }

  /** @returns the rows that are whole now, in order of time */
  add(agent: string, row: AgentRow): LoadRow[] {
    this.#queues.get(agent)?.push(row);
    return this.#take();
  }

  /** No row of this agent is waited for any more; those that it told count. */
  drop(agent: string): LoadRow[] {
    this.#awaited.delete(agent);
    return this.#take();
  }

  #take(): LoadRow[] {
    const rows: LoadRow[] = [];
    while (this.#isWhole()) rows.push(this.#takeOne());
    return rows;
  }

  #isWhole(): boolean {
    const queues = [...this.#queues];
    return (
      queues.some(([, queue]) => queue.length > 0) &&
      queues.every(([agent, queue]) => queue.length > 0 || !this.#awaited.has(agent))
    );
  }

  #takeOne(): LoadRow {
    const heads = [...this.#queues.values()].filter((queue) => queue.length > 0);
    const first = heads
      .map(([head]) => head as AgentRow)
      .reduce((one, two) => (isBefore(two, one) ? two : one));
    const parts = heads
      .filter(([head]) => isOfOneSecond(head as AgentRow, first))
      .map((queue) => queue.shift() as AgentRow);
    const span = {
      phase: first.phase,
      startMs: Math.min(...parts.map(({ startMs }) => startMs)),
      endMs: Math.max(...parts.map(({ endMs }) => endMs)),
    };
    return mergeIntervals(
      span,
      parts.flatMap(({ intervals }) => intervals),
    );
  }
}

function isBefore(one: AgentRow, other: AgentRow): boolean {
  const phases = phaseNames.indexOf(one.phase) - phaseNames.indexOf(other.phase);
  return phases === 0 ? one.endMs < other.endMs : phases < 0;
}

function isOfOneSecond(row: AgentRow, first: AgentRow): boolean {
  return row.phase === first.phase && row.endMs - first.endMs < SAME_SECOND_MS;
}
