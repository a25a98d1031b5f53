/** What is known of one agent in a run, and what the run makes of all of them. Pure. */
import type { AgentRecord, PhaseName, Scenario } from '../../run.ts';
import type { RunMilliseconds } from '../../units.ts';
import type { LoadResult } from '../load/load-pool.ts';
import { type MergedLoad, mergeThreads, type PhaseSpan } from '../load/merge-threads.ts';
import { clientShareOf } from '../load/thread-clients.ts';
import type { Hello, ProgressMessage, SliceResult } from './agent-messages.ts';

/** Who runs which threads. */
export interface Slice {
  readonly hello: Hello;
  /** Numbers of the scenario's threads. */
  readonly threads: readonly number[];
}

/** A slice, and how it stands. */
export interface SliceMember extends Slice {
  state: 'preparing' | 'ready' | 'done' | 'lost';
  clock: Extract<ProgressMessage, { type: 'ready' }> | null;
  startSkewUs: number | null;
  readonly begun: Set<PhaseName>;
  result: SliceResult | null;
  lost: { reason: string; atMs: RunMilliseconds } | null;
}

export function newMember({ hello, threads }: Slice): SliceMember {
  return {
    hello,
    threads,
    state: 'preparing',
    clock: null,
    startSkewUs: null,
    begun: new Set<PhaseName>(),
    result: null,
    lost: null,
  };
}

/** What the run's record keeps of a slice, beside who the agent was. */
export type SliceFigures = Pick<
  AgentRecord,
  | 'threads'
  | 'clientShare'
  | 'cleanRequests'
  | 'startSkewUs'
  | 'clockOffsetUs'
  | 'clockUncertaintyUs'
  | 'cleanCpuShare'
  | 'lost'
>;

export function sliceFigures(member: SliceMember, scenario: Scenario): SliceFigures {
  return {
    threads: member.threads.length,
    clientShare: clientShareOf(scenario, member.threads),
    ...cleanFigures(member.result),
    startSkewUs: member.startSkewUs,
    clockOffsetUs: member.clock?.wallOffsetUs ?? null,
    clockUncertaintyUs: member.clock?.wallUncertaintyUs ?? null,
    lost: member.lost,
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

/** The threads of all agents, added up as if they had been one generator's. A slice that was lost is in no figure. */
export function loadResult(
  scenario: Scenario,
  members: readonly SliceMember[],
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
