import { plural } from '../../plural.ts';
import { printable } from '../../printable.ts';
import { formatLatency } from './format.ts';
import type { Report } from './report-schema.ts';

/** The hosts that made the load. */
export type LoadAgents = NonNullable<Report['agents']>;
type LoadAgent = LoadAgents['members'][number];

/** `0.287 ms ± 0.019 ms`; null where the agent did not start. */
export function skewWords({ startSkewUs, clockUncertaintyUs }: LoadAgent): string | null {
  if (startSkewUs === null) return null;
  return `${formatLatency(startSkewUs * 1000)}${uncertainty(clockUncertaintyUs)}`;
}

/** The wall clock's difference, likewise. */
export function clockWords({ clockOffsetUs, clockUncertaintyUs }: LoadAgent): string | null {
  if (clockOffsetUs === null) return null;
  return `${formatLatency(clockOffsetUs * 1000)}${uncertainty(clockUncertaintyUs)}`;
}

function uncertainty(us: number | null): string {
  return us === null ? '' : ` ± ${formatLatency(us * 1000)}`;
}

/** One line of all agents, and one of each that was lost; none where the lab itself made the load. */
export function agentsSummary(agents: LoadAgents | null): string[] {
  if (agents === null) return [];
  const { members, redis } = agents;
  const skews = members.map(({ startSkewUs }) => startSkewUs).filter((skew) => skew !== null);
  return [
    `  Load: ${plural(members.length, 'agent')} at ${printable(redis)}${startWords(skews, members.length)}.`,
    ...members.flatMap(({ name, lost, clientShare }) =>
      lost === null
        ? []
        : [
            `  LOST: agent ${printable(name)} with ${(clientShare * 100).toFixed(1)} % of the clients: ${printable(lost.reason)}.`,
          ],
    ),
  ];
}

/** @param skewsUs - of those that started */
function startWords(skewsUs: readonly number[], agents: number): string {
  if (skewsUs.length === 0) return ', none started';
  if (agents === 1) return '';
  const widestUs = Math.max(...skewsUs) - Math.min(...skewsUs);
  return `, started within ${formatLatency(widestUs * 1000)} of each other`;
}
