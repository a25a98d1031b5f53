import { formatCount, formatLatency, formatMegabytes, formatRate, formatShare } from '../format.ts';
import { escapeCell, escapeText, figure, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';
import { pairText } from './profile-tables.ts';

/** The trackers of a target that is several, apart; the other figures of a report are of all of them together. */
export function membersSection({ members }: Pick<Report, 'members'>): string {
  const all = members.reduce((sum, { sent }) => sum + sent, 0);
  const noProcess = 'its process is not known (--pid)';
  const noReply = 'nothing was answered';
  const rows = members.map((member) => {
    const failed = [
      [member.timedOut, 'timed out'],
      [member.errorReplies, 'error replies'],
      [member.malformedReplies, 'malformed'],
      [member.sendFailed, 'not taken by the socket'],
    ] as const;
    const lost = failed
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${formatCount(count)} ${what}`);
    return [
      escapeCell(member.name),
      all === 0 ? '- (nothing was sent)' : formatShare(member.sent / all),
      formatRate(member.requestsPerSecond),
      lost.join(', ') || '0',
      figure(member.latencyNsP50, formatLatency, noReply),
      figure(member.latencyNsP99, formatLatency, noReply),
      figure(member.cpuShare, formatShare, noProcess),
      figure(member.cpuMicrosecondsPerRequest, (value) => `${value.toFixed(1)} µs`, noProcess),
      figure(member.rssBytesMax, formatMegabytes, noProcess),
      figure(member.socketDrops, formatCount, noProcess),
    ];
  });
  const head = [
    ...['Tracker', 'Of all requests', 'Requests/Second', 'Failed', 'P50', 'P99'],
    ...['CPU (of a core)', 'CPU per Request', 'RSS, most', 'Socket drops'],
  ];
  return [
    '### Trackers',
    'The clean phase by tracker. Every client speaks to one of them, dealt out in turn; all other figures of this report are of all trackers together.',
    table(head, rows, ['l', ...head.slice(1).map(() => 'r' as const)]),
    ...members.flatMap(profileText),
  ].join('\n\n');
}

/** Its own costliest functions, or why there are none; nothing where no profile was asked for. */
function profileText({ name, cpuTop, missingProfiles }: Report['members'][number]): string[] {
  const reason = missingProfiles.find(({ kind }) => kind === 'cpu' || kind === 'perf')?.reason;
  if (cpuTop === null && reason === undefined) return [];
  return [
    `#### CPU profile of ${escapeText(name)}`,
    cpuTop === null
      ? `No CPU profile: ${escapeText(reason ?? '')}.`
      : pairText(cpuTop, 'Top 10 functions by CPU time of this tracker alone'),
  ];
}
