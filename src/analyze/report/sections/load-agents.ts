import { clockWords, type LoadAgents, skewWords } from '../agents-words.ts';
import { formatCount, formatDuration, formatShare } from '../format.ts';
import { escapeCell, escapeText, figure, table } from '../markdown-text.ts';

/** The hosts that made the load. Only where it was not the lab itself. */
export function loadAgentsSection({ members, redis }: LoadAgents): string {
  const clean = members.reduce((sum, { cleanRequests }) => sum + (cleanRequests ?? 0), 0);
  const rows = members.map((member) => {
    const { name, host, cores, onLabMachine, threads, clientShare, cleanRequests, cleanCpuShare, lost } =
      member;
    const silent = lost === null ? 'it reported none' : 'its slice is lost';
    return [
      escapeCell(name),
      `${escapeCell(host)}, ${cores} cores${onLabMachine ? ", the lab's machine" : ''}`,
      String(threads),
      formatShare(clientShare),
      figure(
        cleanRequests,
        (value) => `${formatCount(value)}${clean === 0 ? '' : ` (${formatShare(value / clean)})`}`,
        silent,
      ),
      figure(cleanCpuShare, (value) => `${(value * 100).toFixed(1)} % of a core`, silent),
      figure(skewWords(member), (words) => words, 'it did not start'),
      figure(clockWords(member), (words) => words, 'it did not get ready'),
      lost === null ? 'counted' : `**lost** after ${formatDuration(lost.atMs)}: ${escapeText(lost.reason)}`,
    ];
  });
  return [
    '#### Load Agents',
    table(
      [
        'Agent',
        'Host',
        'Threads',
        'Clients',
        'Requests, clean phase',
        'CPU of its load threads',
        'Start skew',
        'Clock ahead of Redis',
        'Slice',
      ],
      rows,
    ),
    `The agents met the lab at ${escapeText(redis)} and ran the threads of one scenario between them: no client, peer id, port or point of the rate's grid is two agents' own. Counters and histograms are the sums over all agents whose slice counts. Start skew is from the agreed instant to the agent's own start, by the clock of Redis, which an agent knows to half a round trip (±).`,
  ].join('\n\n');
}
