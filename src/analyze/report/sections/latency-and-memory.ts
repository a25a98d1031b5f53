import { cleanReason } from '../clean-reason.ts';
import {
  formatDuration,
  formatLatency,
  formatMegabytes,
  formatRate,
  formatShare,
  significant,
} from '../format.ts';
import { bullets, escapeText, figure, statusCell, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';
import { runtimeHealth } from './runtime.ts';

/** Latency Statistics of all operations together, and what Little's law says of them. */
export function latencyStatistics(report: Report): string {
  const latency = report.phases.clean?.latency ?? null;
  const { latency: statuses } = report.statuses;
  const shown = (value: number | undefined): string => figure(value, formatLatency, cleanReason(report));
  const rows = [
    ['Min', shown(latency?.minNs), statusCell(statuses.min)],
    ['Avg', shown(latency?.meanNs), statusCell(statuses.avg)],
    ['P50', shown(latency?.p50Ns), statusCell(statuses.p50)],
    ['P95', shown(latency?.p95Ns), statusCell(statuses.p95)],
    ['P99', shown(latency?.p99Ns), statusCell(statuses.p99)],
    ['Max', shown(latency?.maxNs), statusCell(statuses.max)],
  ];
  return [
    '### Latency Statistics',
    table(['Percentile', 'Latency', 'Status'], rows, ['l', 'r', 'l']),
    `**What this means:**\n\n${bullets(latencyMeaning(report))}`,
  ].join('\n\n');
}

function latencyMeaning(report: Report): string[] {
  const { clean } = report.phases;
  if (clean === null || clean.latency === null) return [`No latency: ${escapeText(cleanReason(report))}.`];
  const { latency, latencyClock } = clean;
  const clock =
    latencyClock === 'response'
      ? 'Timed from the moment a request was due (open loop), so waiting in front of a slow tracker counts.'
      : 'Timed from the moment a request was sent.';
  const overall = report.statuses.latency.overall;
  const lines = [
    clock,
    `**Min**: ${formatLatency(latency.minNs)} is what a request costs when nothing is in its way.`,
    `**Avg**: ${formatLatency(latency.meanNs)}, ${significant(latency.meanNs / latency.p50Ns)} times the median.`,
    `**P50 (Median)**: half of the replies came within ${formatLatency(latency.p50Ns)}.`,
    `**P95**: one reply in twenty took longer than ${formatLatency(latency.p95Ns)}.`,
    `**P99**: one reply in a hundred took longer than ${formatLatency(latency.p99Ns)}, ${significant(latency.p99Ns / latency.p95Ns)} times P95.`,
    `**Max**: ${formatLatency(latency.maxNs)}${latency.maxNs >= report.scenario.timeoutMs * 1e6 ? ', the timeout or more' : `; the timeout is ${formatDuration(report.scenario.timeoutMs)}`}.${report.maxLatencyWhen === null ? '' : ` ${escapeText(report.maxLatencyWhen)}`}`,
    `Together the latency is **${overall.tier ?? 'without a status'}** for a ${report.target.network} tracker: ${overall.reason}.`,
    timeoutsInPercentiles(report),
  ];
  return [...lines, littlesLawLine(report)];
}

function timeoutsInPercentiles(report: Report): string {
  const clean = report.phases.clean;
  const timedOut = clean?.requests.timedOut ?? 0;
  if (timedOut === 0) return 'No request timed out, so no percentile hides one.';
  const isIn = (clean?.latency?.count ?? 0) >= (clean?.requests.succeeded ?? 0) + timedOut;
  return isIn
    ? `The ${timedOut.toLocaleString('en-US')} timed-out requests are part of the percentiles, as long as they were waited for.`
    : `The ${timedOut.toLocaleString('en-US')} timed-out requests have no latency and stand in no percentile.`;
}

function littlesLawLine(report: Report): string {
  const law = report.littlesLaw;
  if (law === null) {
    const reason =
      report.notMeasured.find((one) => one.figure === 'littlesLaw')?.reason ?? 'nothing was answered';
    return `**Little's law** is not applied: ${escapeText(reason)}.`;
  }
  const workers = law.concurrency.toLocaleString('en-US');
  const sum = `${workers} workers / ${formatRate(law.throughputPerSecond)} req/s = ${formatLatency(law.expectedLatencyNs)}, measured ${formatLatency(law.meanLatencyNs)} on average`;
  if (law.explains && !law.isQueue) {
    return `**Little's law**: ${sum}: each worker always waited for its one reply.${leftCpu(report)}`;
  }
  return law.explains
    ? `**Little's law**: ${sum}. In a closed loop each worker waits for its reply, so this latency follows from the number of workers and the throughput; by itself it shows no lock and no fault. Only a higher throughput or fewer workers lower it.`
    : `**Little's law**: ${sum}. They differ, so the workers were not always waiting for one reply each (ramp-up, lost requests or pauses of the generator).`;
}

/** Why the law does not make a queue of the latency. */
function leftCpu({ cpuCapacityShare }: Report): string {
  return cpuCapacityShare === null
    ? " The tracker's CPU was not sampled, so whether that is a queue in front of it cannot be told."
    : ` With ${formatShare(cpuCapacityShare)} of its CPU used the tracker had CPU left: a P95 or P99 far above the median is stalls of either side, and no queue.`;
}

/** Memory Usage of the tracker: RSS as the kernel counts it, and its parts as the runtime does. */
export function memoryUsage(report: Report): string {
  const { rss, trend } = report.memory;
  const { memory: statuses } = report.statuses;
  const reason =
    report.notMeasured.find((one) => one.figure === 'memory.rss')?.reason ?? 'no sample was taken';
  const rows = [
    ['Initial', figure(rss?.initialBytes, formatMegabytes, reason), statusCell(statuses.initial)],
    ['Peak', figure(rss?.peakBytes, formatMegabytes, reason), statusCell(statuses.peak)],
    ['Growth', figure(rss?.growthBytes, formatMegabytes, reason), statusCell(statuses.growth)],
  ];
  const meaning =
    rss === null
      ? [`The tracker's memory was not measured: ${escapeText(reason)}.`]
      : [
          `**Initial**: the tracker's resident memory ${rss.initialBeforeLoad ? 'before the first request' : 'at the first sample, already under load: none was taken before'}.`,
          '**Peak**: the highest until the clean phase ended; what the profilers need later is not in it.',
          `**Growth**: ${formatMegabytes(rss.growthBytes)} for the swarms, the runtime's heap and compiled code${statuses.growth.tier === null ? '' : `; ${statuses.growth.reason}`}.`,
          trend === null
            ? 'Trend: not measured, the clean phase is too short.'
            : `Trend: ${significant(trend.bytesPerMinute / 1e6)} MB/min over the clean phase, ${significant(trend.lastThirdBytesPerMinute / 1e6)} MB/min in its last third: ${trend.continuous ? 'it kept growing' : 'no continuous growth'}.`,
        ];
  return [
    '### Memory Usage',
    table(['Metric', 'Value', 'Status'], rows, ['l', 'r', 'l']),
    `**What this means:**\n\n${bullets(meaning)}`,
    runtimeMemory(report),
    runtimeHealth(report),
  ].join('\n\n');
}

function runtimeMemory(report: Report): string {
  const { runtime } = report.memory;
  const title = '#### Memory by kind';
  if (runtime === null) {
    const reason =
      report.notMeasured.find((one) => one.figure === 'memory.runtime')?.reason ?? 'no sample was taken';
    return `${title}\n\nNot measured: ${escapeText(reason)}.`;
  }
  const row = (name: string, first: number, max: number, last: number, meaning: string): string[] => [
    name,
    formatMegabytes(first),
    formatMegabytes(max),
    formatMegabytes(last),
    meaning,
  ];
  const rows = [
    row(
      'Heap used',
      runtime.heapUsedBytesFirst,
      runtime.heapUsedBytesMax,
      runtime.heapUsedBytesLast,
      'objects, strings, closures',
    ),
    row(
      'External',
      runtime.externalBytesFirst,
      runtime.externalBytesMax,
      runtime.externalBytesLast,
      'memory outside the heap that objects own',
    ),
    row(
      'Array buffers',
      runtime.arrayBuffersBytesFirst,
      runtime.arrayBuffersBytesMax,
      runtime.arrayBuffersBytesLast,
      'Buffers and typed arrays; part of external',
    ),
  ];
  return `${title}\n\n${table(['Kind', 'First', 'Highest', 'Last', 'What it is'], rows, ['l', 'r', 'r', 'r', 'l'])}`;
}
