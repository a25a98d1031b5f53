import { operations } from '../../../run.ts';
import { type PhaseFigures, settledRequests } from '../../phase-figures.ts';
import { expectedOperationLatencyNs, SIMILAR_LATENCY_RATIO } from '../../thresholds.ts';
import { cleanReason } from '../clean-reason.ts';
import {
  formatCount,
  formatDuration,
  formatLatency,
  formatRate,
  formatShare,
  significant,
} from '../format.ts';
import { bullets, escapeText, figure, notMeasured, statusCell, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';
import { lossSection } from './loss.ts';
import { generatorHealth, profilersCost, repliesSection } from './replies-and-cost.ts';

type Clean = Report['phases']['clean'];

/** Request Statistics, with what was lost and what the profilers cost. */
export function requestStatistics(report: Report): string {
  const { clean } = report.phases;
  const { requests: statuses } = report.statuses;
  const reason = cleanReason(report);
  const withShare = (count: number | undefined, share: number | null | undefined): string =>
    count === undefined
      ? notMeasured(reason)
      : `${formatCount(count)} (${figure(share, formatShare, 'no request came to an end')})`;
  const rows = [
    ['Total Requests', figure(clean?.requests.sent, formatCount, reason), statusCell(statuses.total)],
    [
      'Successful',
      withShare(clean?.requests.succeeded, clean?.successShare),
      statusCell(statuses.successful),
    ],
    ['Failed', withShare(clean?.requests.failed, clean?.errorShare), statusCell(statuses.failed)],
    ...inFlight(clean),
    [
      'Requests/Second',
      figure(clean?.requestsPerSecond, (value) => `${formatRate(value)}${servedOf(report)}`, reason),
      statusCell(statuses.requestsPerSecond),
    ],
  ];
  return [
    '### Request Statistics',
    table(['Metric', 'Value', 'Status'], rows),
    `**What this means:**\n\n${bullets(requestMeaning(report, clean))}`,
    secondBySecond(report),
    lossSection(report, clean),
    repliesSection(report, clean),
    profilersCost(report),
    generatorHealth(report, clean),
  ].join('\n\n');
}

/** How steady the clean phase was. */
function secondBySecond({ overSeconds }: Report): string {
  const title = '#### Second by second';
  if (overSeconds === null)
    return `${title}\n\nNot measured: the clean phase has fewer than two whole seconds.`;
  const { seconds, requestsPerSecond: rate, latencyNsP95: p95 } = overSeconds;
  const rows = [['Requests/Second', formatRate(rate.min), formatRate(rate.median), formatRate(rate.max)]];
  if (p95 !== null)
    rows.push(['P95', formatLatency(p95.min), formatLatency(p95.median), formatLatency(p95.max)]);
  return [
    title,
    table(['Metric', 'Min', 'Median', 'Max'], rows, ['l', 'r', 'r', 'r']),
    `Of ${formatCount(seconds)} seconds of the clean phase, each by itself; \`timeline.ndjson\` has them all.`,
  ].join('\n\n');
}

/** ` of 500.00 offered (100.00 %)` in open loop; else empty. */
function servedOf({ scenario, phases }: Report): string {
  const share = phases.clean?.servedShare ?? null;
  return share === null
    ? ''
    : ` of ${formatRate(scenario.ratePerSecond)} offered (${formatShare(share)} served)`;
}

/** A row of its own where a run was cut short. */
function inFlight(clean: Clean): string[][] {
  const count = clean?.requests.unresolved ?? 0;
  if (count === 0) return [];
  return [['In flight at the end', formatCount(count), '- (neither successful nor failed)']];
}

function requestMeaning(report: Report, clean: Clean): string[] {
  if (clean === null) return [`The clean phase gave no figures: ${escapeText(cleanReason(report))}.`];
  const { requests } = clean;
  const overall = report.statuses.requests.overall;
  const lines = [
    `**Total Requests**: everything that the workers sent in ${formatDuration(clean.durationMs)} without a profiler, failed requests included.`,
    `**Successful**: ${requests.failed === 0 ? 'every request' : `${formatCount(requests.succeeded)} of ${formatCount(settledRequests(requests))}`}${requests.unresolved > 0 ? ' that came to an end' : ''} got a valid reply within ${formatDuration(report.scenario.timeoutMs)}.`,
    `**Failed**: ${requests.failed === 0 ? 'nothing was lost' : `${formatCount(requests.failed)} requests; the causes are listed below`}.`,
    `**RPS (Requests Per Second)**: successful requests over the length of the phase${closedLoopRate(report)}.`,
    `Together the requests are **${overall.tier ?? 'without a status'}**: ${overall.reason}.`,
  ];
  if (requests.unresolved > 0) {
    lines.push(
      `${formatCount(requests.unresolved)} requests were still in flight when the run was cut short: they are neither successful nor failed, and part of no share.`,
    );
  }
  return lines;
}

function closedLoopRate(report: Report): string {
  const share = report.cpuCapacityShare;
  if (report.scenario.ratePerSecond > 0) {
    return '; in an open loop the rate is the choice of who runs it, so what is judged is whether the offered rate was served';
  }
  return share === null
    ? ''
    : `, reached with ${formatShare(share)} of the CPU that the tracker's threads can use`;
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
  if (spread !== null && spread < SIMILAR_LATENCY_RATIO) {
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
