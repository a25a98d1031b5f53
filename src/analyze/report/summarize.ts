/** The short summary that a terminal shows when a run is over. Pure. */
import path from 'node:path';
import { fittingUnit, formatMeasure } from '../profile/format-measure.ts';
import type { Status } from '../status.ts';
import { invalidReason } from '../validity.ts';
import { formatCount, formatLatency, formatMegabytes, formatRate, formatShare } from './format.ts';
import { queueRemark } from './queue-remark.ts';
import type { Report, TopPair } from './report-schema.ts';
import { cpuTop } from './top-pair.ts';

/** Functions and allocators in the summary. */
const TOLD_ROWS = 3;

/**
 * Lines of plain text: verdict, headline figures with their statuses, what was found, the costliest functions and
 * allocators, the report's path and the next command.
 *
 * @param directory - the run's folder, as the reader can type it
 * @param command - how the reader starts the lab, for example `npm run lab --`
 */
export function summarize(report: Report, directory: string, command = 'tracker-lab'): string[] {
  return [
    verdict(report),
    ...validity(report),
    '',
    ...figures(report),
    '',
    ...findings(report),
    '',
    ...top('CPU, charged to', cpuTop(report)),
    ...top('Allocated by', report.top.allocations),
    '',
    `Report: ${path.join(directory, 'report.md')}`,
    next(report, directory, command),
  ];
}

function verdict(report: Report): string {
  const name = `${report.scenario.name} (${formatCount(report.scenario.concurrency)} workers) on ${printable(report.target.name)}`;
  const partial = report.partial === null ? '' : ` PARTIAL: ${printable(report.partial.reason)}.`;
  if (!report.valid)
    return `${name}: INVALID, ${invalidReason(report.validity.checks) ?? 'a check failed'}.${partial}`;
  const { overall } = report.statuses;
  return `${name}: ${overall.tier ?? 'no status'} (${overall.reason}).${queueRemark(report)}${partial}`;
}

/** The checks that are not all right; none where all are. */
function validity(report: Report): string[] {
  return report.validity.checks
    .filter((check) => check.verdict !== 'ok')
    .map((check) => `  Validity, ${check.check}: ${check.verdict}. ${printable(check.reason)}`);
}

function figures(report: Report): string[] {
  const { clean } = report.phases;
  const { requests, latency, memory } = report.statuses;
  const line = (name: string, value: string | null, status: Status): string =>
    `  ${name.padEnd(18)} ${(value ?? 'not measured').padEnd(26)} ${status.tier ?? '-'}`;
  const rss = report.memory.rss;
  const cpu = clean?.target.cpuMicrosecondsPerRequest ?? null;
  const unjudged = { tier: null, reason: '' };
  return [
    line('Requests/second', format(clean?.requestsPerSecond, formatRate), requests.requestsPerSecond),
    line('Successful', format(clean?.successShare, formatShare), requests.successful),
    line('Latency P50', format(clean?.latency?.p50Ns, formatLatency), latency.p50),
    line('Latency P95', format(clean?.latency?.p95Ns, formatLatency), latency.p95),
    line('Latency P99', format(clean?.latency?.p99Ns, formatLatency), latency.p99),
    line('Memory growth', format(rss?.growthBytes, formatMegabytes), memory.growth),
    line(
      'CPU per request',
      format(cpu, (value) => `${value.toFixed(1)} µs`),
      unjudged,
    ),
    line(
      'Peers per announce',
      format(clean?.peersPerAnnounce, (value) => value.toFixed(1)),
      unjudged,
    ),
  ];
}

function format<T>(value: T | null | undefined, by: (value: T) => string): string | null {
  return value === null || value === undefined ? null : by(value);
}

function findings(report: Report): string[] {
  const found = report.findings.filter((finding) => finding.verdict === 'found');
  if (found.length === 0) return ['Bottlenecks: no rule found one.'];
  return [
    'Bottlenecks:',
    ...found.map((finding, index) => {
      const share = finding.share === null ? '' : ` ${(finding.share * 100).toFixed(1)} %`;
      return `  ${index + 1}. ${finding.rule}${share}: ${printable(finding.summary)}`;
    }),
  ];
}

function top(title: string, pair: TopPair | null): string[] {
  if (pair === null) return [`${title}: not measured.`];
  const { unit } = pair.charged.valueType;
  const rows = pair.charged.rows.filter((row) => row.class !== 'idle').slice(0, TOLD_ROWS);
  return [
    `${title}:`,
    ...rows.map((row) => {
      const value = formatMeasure(row.value, unit, fittingUnit(row.value, unit));
      const place = row.file === '' ? '' : ` ${row.file}${row.line === 0 ? '' : `:${row.line}`}`;
      return `  ${`${row.percent.toFixed(1)} %`.padStart(7)} ${value.padStart(10)}  ${printable(row.functionName + place)}`;
    }),
  ];
}

function next(report: Report, directory: string, command: string): string {
  if (!report.valid) return `Next: run it again ${remedy(report)}.`;
  const profile = cpuTop(report)?.profile.file;
  if (profile === undefined) return `Next: ${command} analyze ${directory}`;
  return `Next: ${command} analyze ${path.join(directory, profile)} --count 30`;
}

function remedy(report: Report): string {
  const failed = report.validity.checks.find((check) => check.verdict === 'invalid')?.check;
  return failed === 'foreign-load'
    ? 'when nothing else is at work on this machine'
    : 'with a smaller --concurrency, or with --rate below what was reached';
}

/** Names out of profiles must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�').slice(0, 300);
}
