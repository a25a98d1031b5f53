/** The short summary that a terminal shows when a run is over. Pure. */
import path from 'node:path';
import { describeMissingProfiles } from '../../missing-profiles.ts';
import { printable } from '../../printable.ts';
import { HELD_UP } from '../rules/generator-limited.ts';
import type { Status } from '../status.ts';
import { invalidReason } from '../validity.ts';
import { agentsSummary } from './agents-words.ts';
import { clinicSummary } from './clinic-words.ts';
import {
  formatCount,
  formatLatency,
  formatMegabytes,
  formatRate,
  formatRatio,
  formatShare,
} from './format.ts';
import { queueRemark } from './queue-remark.ts';
import type { Report } from './report-schema.ts';
import { shareWords } from './share-words.ts';
import { summaryTop } from './summary-top.ts';
import { cpuTop, presentKinds } from './top-pair.ts';
import { wrapLines } from './wrap-lines.ts';

/** The longest value is a rate of an open loop, `1,234,567.89 of 1,234,567.89 offered`. */
const VALUE_WIDTH = 36;

/**
 * Lines of plain text: verdict, headline figures with their statuses, what was found, the costliest functions and
 * allocators, the report's path and the next command.
 *
 * @param directory - the run's folder, as the reader can type it
 * @param command - how the reader starts the lab, for example `npm run lab --`
 * @param width - columns at which sentences are wrapped; absent: they are not. Tables and what is to be copied stay whole.
 */
export function summarize(
  report: Report,
  directory: string,
  command = 'tracker-lab',
  width?: number,
): string[] {
  return [
    ...wrapLines([verdict(report), ...agentsSummary(report.agents), ...validity(report)], width),
    '',
    ...figures(report),
    ...members(report),
    '',
    ...wrapLines([...findings(report), ...slow(report)], width),
    '',
    ...summaryTop('CPU, charged to', cpuTop(report)),
    ...summaryTop('Allocated by', report.top.allocations),
    ...wrapLines(missing(report), width),
    ...wrapLines(clinicSummary(report.clinic, directory), width),
    '',
    `Report: ${path.join(directory, 'report.md')}`,
    `Page:   ${path.join(directory, 'report.html')}`,
    next(report, directory, command),
  ];
}

/** A line for each reason why a profile is not there or not whole. */
function missing({ missingProfiles, top }: Report): string[] {
  return describeMissingProfiles(missingProfiles, presentKinds({ top })).map((line) => printable(line));
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
    `  ${name.padEnd(18)} ${(value ?? 'not measured').padEnd(VALUE_WIDTH)} ${status.tier ?? '-'}`;
  const rss = report.memory.rss;
  const cpu = clean?.target.cpuMicrosecondsPerRequest ?? null;
  const unjudged = { tier: null, reason: '' };
  const inFlight = clean?.requests.unresolved ?? 0;
  return [
    line('Requests/second', format(clean?.requestsPerSecond, served(report)), requests.requestsPerSecond),
    line('Successful', format(clean?.successShare, formatShare), requests.successful),
    ...(inFlight === 0 ? [] : [line('In flight, at end', formatCount(inFlight), unjudged)]),
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

/** A line for each of several trackers. */
function members({ members: all }: Report): string[] {
  if (all.length === 0) return [];
  return [
    '',
    'By tracker:',
    ...all.map(({ name, requestsPerSecond, sent, succeeded, latencyNsP99, cpuShare }) => {
      const parts = [
        `${formatRate(requestsPerSecond)} requests/s`,
        ...(sent === 0 ? [] : [`${formatShare(succeeded / sent)} successful`]),
        ...(latencyNsP99 === null ? [] : [`P99 ${formatLatency(latencyNsP99)}`]),
        cpuShare === null ? 'CPU not measured' : `${formatShare(cpuShare)} of a core`,
      ];
      return `  ${printable(name)}: ${parts.join(', ')}`;
    }),
  ];
}

/** In open loop the rate stands beside the one that was offered. */
function served({ scenario }: Report): (value: number) => string {
  return scenario.ratePerSecond > 0
    ? (value) => `${formatRate(value)} of ${formatRate(scenario.ratePerSecond)} offered`
    : formatRate;
}

function format<T>(value: T | null | undefined, by: (value: T) => string): string | null {
  return value === null || value === undefined ? null : by(value);
}

function findings(report: Report): string[] {
  const found = report.findings.filter((finding) => finding.verdict === 'found');
  if (found.length === 0) {
    return [
      report.valid ? 'Bottlenecks: no rule found one.' : 'Bottlenecks: no verdict, the run is invalid.',
    ];
  }
  return [
    'Bottlenecks:',
    ...found.map((finding, index) => {
      const words = shareWords(finding);
      const share = words === null ? '' : `, ${words}`;
      return `  ${index + 1}. ${finding.rule}${share}: ${printable(finding.summary)}`;
    }),
  ];
}

/** Nothing where nothing was found. */
function slow({ whenSlow, valid }: Report): string[] {
  if (!valid || whenSlow?.verdict !== 'found') return [];
  const functions = whenSlow.functions
    .slice(0, 2)
    .map((row) => `${printable(row.functionName)} ${formatRatio(row.lift, row.liftLow, row.liftHigh)}`);
  const conditions = whenSlow.conditions
    .filter(({ differs }) => differs)
    .map((row) => `${row.name} ${formatRatio(row.ratio, row.ratioLow, row.ratioHigh)}`);
  return [`When it is slow: ${[...functions, ...conditions].slice(0, 3).join(', ')}`];
}

function next(report: Report, directory: string, command: string): string {
  if (!report.valid) return `Next: run it again ${remedy(report)}.`;
  const profile = cpuTop(report)?.profile.file;
  if (profile === undefined) return `Next: ${command} analyze ${directory}`;
  return `Next: ${command} analyze ${path.join(directory, profile)} --count 30`;
}

function remedy(report: Report): string {
  const failed = report.validity.checks.find((check) => check.verdict === 'invalid');
  return failed?.check === 'foreign-load' || failed?.failure === HELD_UP
    ? 'when nothing else is at work on this machine'
    : 'with a smaller --concurrency, or with --rate below what was reached';
}
