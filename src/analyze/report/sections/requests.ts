import { operations } from '../../../run.ts';
import type { PhaseFigures } from '../../phase-figures.ts';
import { expectedOperationLatencyNs } from '../../thresholds.ts';
import {
  formatChange,
  formatCount,
  formatDuration,
  formatLatency,
  formatRate,
  formatShare,
  significant,
} from '../format.ts';
import { bullets, escapeCell, escapeText, figure, notMeasured, statusCell, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

type Clean = Report['phases']['clean'];

/** Why a figure of the clean phase is not there. */
export function cleanReason(report: Report): string {
  return (
    report.notMeasured.find((one) => one.figure === 'phases.clean')?.reason ??
    'nothing was answered in the clean phase'
  );
}

/** Request Statistics, with what was lost and what the profilers cost. */
export function requestStatistics(report: Report): string {
  const { clean } = report.phases;
  const { requests: statuses } = report.statuses;
  const reason = cleanReason(report);
  const withShare = (count: number | undefined, share: number | null | undefined): string =>
    count === undefined
      ? notMeasured(reason)
      : `${formatCount(count)} (${figure(share, formatShare, 'nothing was sent')})`;
  const rows = [
    ['Total Requests', figure(clean?.requests.sent, formatCount, reason), statusCell(statuses.total)],
    [
      'Successful',
      withShare(clean?.requests.succeeded, clean?.successShare),
      statusCell(statuses.successful),
    ],
    ['Failed', withShare(clean?.requests.failed, clean?.errorShare), statusCell(statuses.failed)],
    [
      'Requests/Second',
      figure(clean?.requestsPerSecond, formatRate, reason),
      statusCell(statuses.requestsPerSecond),
    ],
  ];
  return [
    '### Request Statistics',
    table(['Metric', 'Value', 'Status'], rows),
    `**What this means:**\n\n${bullets(requestMeaning(report, clean))}`,
    lossSection(report, clean),
    repliesSection(report, clean),
    profilersCost(report),
    generatorHealth(report, clean),
  ].join('\n\n');
}

function requestMeaning(report: Report, clean: Clean): string[] {
  if (clean === null) return [`The clean phase gave no figures: ${escapeText(cleanReason(report))}.`];
  const { requests } = clean;
  const overall = report.statuses.requests.overall;
  const lines = [
    `**Total Requests**: everything that the workers sent in ${formatDuration(clean.durationMs)} without a profiler, failed requests included.`,
    `**Successful**: ${requests.failed === 0 ? 'every request' : `${formatCount(requests.succeeded)} of ${formatCount(requests.sent)}`} got a valid reply within ${formatDuration(report.scenario.timeoutMs)}.`,
    `**Failed**: ${requests.failed === 0 ? 'nothing was lost' : `${formatCount(requests.failed)} requests; the causes are listed below`}.`,
    `**RPS (Requests Per Second)**: successful requests over the length of the phase${closedLoopRate(report)}.`,
    `Together the requests are **${overall.tier ?? 'without a status'}**: ${overall.reason}.`,
  ];
  if (requests.unresolved > 0) {
    lines.push(
      `${formatCount(requests.unresolved)} requests were still in flight when the run was cut short; they are neither.`,
    );
  }
  return lines;
}

function closedLoopRate(report: Report): string {
  const share = report.cpuCapacityShare;
  if (report.scenario.ratePerSecond > 0) {
    return `; ${formatRate(report.scenario.ratePerSecond)} req/s were offered`;
  }
  return share === null
    ? ''
    : `, reached with ${formatShare(share)} of the CPU that the tracker's threads can use`;
}

function lossSection(report: Report, clean: Clean): string {
  if (clean === null) return `#### Loss by cause\n\nNot measured: ${escapeText(cleanReason(report))}.`;
  const { requests, strayReplies } = clean;
  const share = (count: number): string =>
    requests.sent === 0 ? '- (nothing was sent)' : formatShare(count / requests.sent);
  const counted = (name: string, count: number, meaning: string): string[] => [
    name,
    formatCount(count),
    share(count),
    meaning,
  ];
  const drops = clean.target.socketDrops;
  const unknownDrops = 'the socket is not visible to the lab';
  const rows = [
    counted('Timed out', requests.timedOut, `no reply within ${formatDuration(report.scenario.timeoutMs)}`),
    counted('Error replies', requests.errorReplies, 'the tracker refused (BEP 15 action 3); texts below'),
    counted('Malformed replies', requests.malformedReplies, 'too short, or another action than asked for'),
    counted('Refused by the socket', requests.sendFailed, "the generator's kernel did not take the datagram"),
    ['Late replies', formatCount(strayReplies.late), '- (counted as timed out)', 'came after the timeout'],
    [
      'Duplicate replies',
      formatCount(strayReplies.duplicate),
      '- (no request of their own)',
      'a second answer to one request',
    ],
    [
      'Unknown replies',
      formatCount(strayReplies.unknown + strayReplies.malformed),
      '- (no request of their own)',
      'no transaction id that is known',
    ],
    [
      "Dropped at the tracker's sockets",
      figure(drops, formatCount, unknownDrops),
      drops === null ? '- (not known)' : share(drops),
      'the receive queue was full; these time out',
    ],
    [
      "Dropped at the generator's sockets",
      figure(clean.generatorSocketDrops, formatCount, unknownDrops),
      clean.generatorSocketDrops === null ? '- (not known)' : share(clean.generatorSocketDrops),
      "replies that the generator lost: not the tracker's fault",
    ],
  ];
  const head = `#### Loss by cause\n\n${table(['Cause', 'Count', 'Share of requests', 'What it is'], rows, ['l', 'r', 'r', 'l'])}`;
  if (clean.errorTexts.length === 0) return `${head}\n\nThe tracker sent no error text.`;
  const texts = clean.errorTexts.map(({ text, count }) => [escapeCell(text), formatCount(count)]);
  return `${head}\n\n${table(['Error text', 'Replies'], texts, ['l', 'r'])}`;
}

function repliesSection(report: Report, clean: Clean): string {
  const reason = cleanReason(report);
  const rows = [
    [
      'Peers per announce',
      figure(clean?.peersPerAnnounce, significant, clean === null ? reason : 'no announce was answered'),
      `of ${report.scenario.numWant === -1 ? "the tracker's default" : report.scenario.numWant} asked for: empty replies would make any rate look good`,
    ],
    [
      'Bytes per response',
      figure(clean?.receivedBytesPerResponse, significant, clean === null ? reason : 'nothing was answered'),
      'what the tracker sends for a request, all kinds',
    ],
    [
      'Bytes per request',
      figure(clean?.sentBytesPerRequest, significant, clean === null ? reason : 'nothing was sent'),
      'what the tracker reads for one, all kinds',
    ],
    [
      'Tracker CPU per request',
      figure(clean?.target.cpuMicrosecondsPerRequest, formatMicroseconds, processReason(report, clean)),
      kernelPart(clean),
    ],
    [
      'Tracker CPU',
      figure(clean?.target.cpuShare, formatCores, processReason(report, clean)),
      report.cpuCapacityShare === null
        ? 'of one core'
        : `of one core; ${formatShare(report.cpuCapacityShare)} of what its threads can use`,
    ],
  ];
  return `#### Replies and their cost\n\n${table(['Metric', 'Value', 'What it is'], rows, ['l', 'r', 'l'])}`;
}

function processReason(report: Report, clean: Clean): string {
  if (clean === null) return cleanReason(report);
  return report.target.pid === null
    ? "the tracker's process is not known to the lab"
    : 'too few samples were taken';
}

function kernelPart(clean: Clean): string {
  const kernel = clean?.target.systemMicrosecondsPerRequest ?? null;
  return kernel === null ? 'kernel and user space' : `${formatMicroseconds(kernel)} of it in the kernel`;
}

function formatMicroseconds(value: number): string {
  return `${significant(value)} µs`;
}

function formatCores(share: number): string {
  return formatShare(share);
}

/** The clean phase beside the profiled one. */
function profilersCost(report: Report): string {
  const cost = report.profilerCost;
  if (cost === null) {
    const reason =
      report.notMeasured.find((one) => one.figure === 'profilerCost')?.reason ??
      'one of the phases is missing';
    return `#### Clean and profiled\n\nNot measured: ${escapeText(reason)}.`;
  }
  const unsampled = 'the process was not sampled';
  const rows = [
    [
      'Requests/Second',
      formatRate(cost.cleanRequestsPerSecond),
      formatRate(cost.profiledRequestsPerSecond),
      formatChange(cost.requestsPerSecondChangeShare),
    ],
    [
      'Tracker CPU per request',
      figure(cost.cleanCpuMicrosecondsPerRequest, formatMicroseconds, unsampled),
      figure(cost.profiledCpuMicrosecondsPerRequest, formatMicroseconds, unsampled),
      figure(cost.cpuPerRequestChangeShare, formatChange, unsampled),
    ],
    [
      'P95',
      figure(report.phases.clean?.latency?.p95Ns, formatLatency, 'nothing was answered'),
      figure(report.phases.profiled?.latency?.p95Ns, formatLatency, 'nothing was answered'),
      changeOf(report.phases.clean, report.phases.profiled),
    ],
  ];
  return [
    '#### Clean and profiled',
    table(['Metric', 'Clean', 'Profiled', "The profilers' cost"], rows, ['l', 'r', 'r', 'r']),
    'Headline figures are those of the clean phase; equal phases differ by some percent too.',
  ].join('\n\n');
}

function changeOf(before: Clean, after: Clean): string {
  const [first, second] = [before?.latency?.p95Ns, after?.latency?.p95Ns];
  return first === undefined || second === undefined || first === 0
    ? notMeasured('nothing was answered')
    : formatChange(second / first - 1);
}

function generatorHealth(report: Report, clean: Clean): string {
  const phase = clean === null ? null : report.generator.threads;
  const title = '#### Load generator';
  if (phase === null) return `${title}\n\nNot measured: ${escapeText(cleanReason(report))}.`;
  if (phase.length === 0) return `${title}\n\nNot measured: no load thread reported itself.`;
  const rows = phase.map((thread, index) => [
    `Thread ${index + 1}`,
    figure(thread.cpuShare, formatShare, 'the kernel does not tell'),
    formatLatency(thread.sendLagNsP50),
    formatLatency(thread.sendLagNsP99),
    formatLatency(thread.sendLagNsMax),
  ]);
  const verdict = report.valid
    ? 'It kept up: the figures are the tracker’s.'
    : '**It was the limit: the figures say nothing of what the tracker can do.**';
  return [
    title,
    table(['Load thread', 'CPU of a core', 'Send delay P50', 'P99', 'Max'], rows, ['l', 'r', 'r', 'r', 'r']),
    verdict,
  ].join('\n\n');
}

/** Request Breakdown: each operation against the mean latency that is expected of it. */
export function requestBreakdown(report: Report): string {
  const { clean } = report.phases;
  const rows = operations.map((operation) => {
    const figures = clean?.operations[operation];
    const { leastNs, mostNs } = expectedOperationLatencyNs[operation];
    return [
      operation.charAt(0).toUpperCase() + operation.slice(1),
      figure(figures?.sent, formatCount, cleanReason(report)),
      figure(figures?.latency?.meanNs, formatLatency, `no ${operation} was answered in the clean phase`),
      `${leastNs / 1e6}-${mostNs / 1e6}ms: ${placeIn(figures?.latency?.meanNs, leastNs, mostNs)}`,
    ];
  });
  return [
    '### Request Breakdown',
    table(['Operation', 'Count', 'Avg Latency', 'Expected Range'], rows, ['l', 'r', 'r', 'l']),
    `**What this means:**\n\n${bullets(operationMeaning(clean))}`,
  ].join('\n\n');
}

function placeIn(meanNs: number | undefined, leastNs: number, mostNs: number): string {
  if (meanNs === undefined) return 'not measured';
  if (meanNs < leastNs) return 'faster';
  return meanNs <= mostNs ? 'within' : 'slower';
}

function operationMeaning(clean: Clean): string[] {
  if (clean === null) return ['No operation was measured.'];
  const { connect, announce, scrape } = clean.operations;
  const lines = [
    `**Connect**: ${describeOperation(connect)}; it hands out a connection id and touches no swarm.`,
    `**Announce**: ${describeOperation(announce)}; it updates a swarm and returns ${clean.peersPerAnnounce === null ? 'its' : significant(clean.peersPerAnnounce)} peers on average.`,
    `**Scrape**: ${describeOperation(scrape)}; it only reads counters.`,
  ];
  const means = [connect, announce, scrape]
    .map((one) => one.latency?.meanNs)
    .filter((value) => value !== undefined);
  const spread = means.length < 2 ? null : Math.max(...means) / Math.min(...means);
  if (spread !== null && spread < 1.5) {
    lines.push(
      'The operations take about as long as each other: what they share (the queue and the socket) weighs more than their own work.',
    );
  }
  return lines;
}

function describeOperation(figures: PhaseFigures['operations']['connect']): string {
  if (figures.sent === 0) return 'none was sent';
  const failed = figures.failed === 0 ? 'none failed' : `${formatCount(figures.failed)} failed`;
  return figures.latency === null
    ? `${failed}, none was answered`
    : `P95 ${formatLatency(figures.latency.p95Ns)}, ${failed}`;
}
