import { settledRequests } from '../../phase-figures.ts';
import { cleanReason } from '../clean-reason.ts';
import { formatCount, formatDuration, formatShare } from '../format.ts';
import { escapeCell, escapeText, figure, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

type Clean = Report['phases']['clean'];

/** Loss by cause: what became of the requests that failed; the rows add up to Failed. Beside it, datagrams that answered none. */
export function lossSection(report: Report, clean: Clean): string {
  const title = '#### Loss by cause';
  if (clean === null) return `${title}\n\nNot measured: ${escapeText(cleanReason(report))}.`;
  const { requests, timeoutCauses: causes } = clean;
  const settled = settledRequests(requests);
  const share = (count: number): string =>
    settled === 0 ? '- (no request came to an end)' : formatShare(count / settled);
  const counted = (name: string, count: number | null, meaning: string): string[] => [
    name,
    figure(count, formatCount, 'the socket is not visible to the lab'),
    count === null ? '- (not known)' : share(count),
    meaning,
  ];
  const unseen = causes.droppedAtTracker === null || causes.droppedAtGenerator === null;
  const rows = [
    counted(
      "Dropped at the tracker's sockets",
      causes.droppedAtTracker,
      'the receive queue was full; these timed out',
    ),
    counted(
      "Dropped at the generator's sockets",
      causes.droppedAtGenerator,
      "replies that the generator lost: not the tracker's fault; these timed out",
    ),
    counted('Late', causes.late, `answered after ${formatDuration(report.scenario.timeoutMs)}`),
    counted(
      'Silent',
      causes.silent,
      `no reply within ${formatDuration(report.scenario.timeoutMs)}${unseen ? ', drops that the lab cannot see included' : ', and no drop to explain it'}`,
    ),
    counted('Error replies', requests.errorReplies, 'the tracker refused (BEP 15 action 3); texts below'),
    counted('Malformed replies', requests.malformedReplies, 'too short, or another action than asked for'),
    counted('Refused by the socket', requests.sendFailed, "the generator's kernel did not take the datagram"),
    [
      '**Failed**',
      `**${formatCount(requests.failed)}**`,
      share(requests.failed),
      'the sum of the rows above',
    ],
  ];
  return [
    title,
    table(['Cause', 'Count', 'Share of requests', 'What it is'], rows, ['l', 'r', 'r', 'l']),
    ...neverSent(clean),
    ...estimate(causes.unassigned),
    strays(clean),
    errorTexts(clean),
  ].join('\n\n');
}

function neverSent({ notSent, requests }: NonNullable<Clean>): string[] {
  if (notSent === null) return [];
  const due = requests.sent + notSent;
  return [
    `Due by the rate: ${formatCount(due)} requests; sent: ${formatCount(requests.sent)}; never sent, because the generator could not: ${formatCount(notSent)}. Those are in no row above, and in the latencies as long as the time-out.`,
  ];
}

function estimate(unassigned: number): string[] {
  if (unassigned === 0) return [];
  return [
    `The split of the timed-out requests is an estimate: ${formatCount(unassigned)} drops and late replies more were counted than requests timed out. The kernel counts datagrams, of other phases and of other clients too.`,
  ];
}

function strays({ strayReplies }: NonNullable<Clean>): string {
  const { duplicate, unknown, malformed } = strayReplies;
  return `Beside them, answers to no request: ${formatCount(duplicate)} duplicate replies, ${formatCount(unknown + malformed)} without a transaction id that is known.`;
}

function errorTexts({ errorTexts: texts }: NonNullable<Clean>): string {
  if (texts.length === 0) return 'The tracker sent no error text.';
  const rows = texts.map(({ text, count }) => [escapeCell(text), formatCount(count)]);
  return table(['Error text', 'Replies'], rows, ['l', 'r']);
}
