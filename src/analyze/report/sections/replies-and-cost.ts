import { cleanReason } from '../clean-reason.ts';
import { formatChange, formatLatency, formatRate, formatShare, significant } from '../format.ts';
import { escapeText, figure, notMeasured, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

type Clean = Report['phases']['clean'];

/** What the replies hold and what they cost the tracker. */
export function repliesSection(report: Report, clean: Clean): string {
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
export function profilersCost(report: Report): string {
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
      told(formatChange(cost.requestsPerSecondChangeShare), cost.withinNoise.requestsPerSecond),
    ],
    [
      'Tracker CPU per request',
      figure(cost.cleanCpuMicrosecondsPerRequest, formatMicroseconds, unsampled),
      figure(cost.profiledCpuMicrosecondsPerRequest, formatMicroseconds, unsampled),
      figure(
        cost.cpuPerRequestChangeShare,
        (share) => told(formatChange(share), cost.withinNoise.cpuPerRequest),
        unsampled,
      ),
    ],
    [
      'P95',
      figure(report.phases.clean?.latency?.p95Ns, formatLatency, 'nothing was answered'),
      figure(report.phases.profiled?.latency?.p95Ns, formatLatency, 'nothing was answered'),
      told(changeOf(report.phases.clean, report.phases.profiled), cost.withinNoise.latencyNsP95),
    ],
  ];
  const noises = Object.values(cost.withinNoise);
  return [
    '#### Clean and profiled',
    table(['Metric', 'Clean', 'Profiled', "The profilers' cost"], rows, ['l', 'r', 'r', 'r']),
    'Headline figures are those of the clean phase; equal phases differ by some percent too.',
    noises.includes(null)
      ? 'What is a cost and what is noise cannot be told where a phase has fewer than four whole seconds.'
      : 'Within noise: the middle halves of the seconds of both phases overlap.',
  ].join('\n\n');
}

function told(change: string, isNoise: boolean | null): string {
  return isNoise === true ? `${change} (within noise)` : change;
}

function changeOf(before: Clean, after: Clean): string {
  const [first, second] = [before?.latency?.p95Ns, after?.latency?.p95Ns];
  return first === undefined || second === undefined || first === 0
    ? notMeasured('nothing was answered')
    : formatChange(second / first - 1);
}

/** The generator's own state: whether the figures are the tracker's. */
export function generatorHealth(report: Report, clean: Clean): string {
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
  const finding = report.findings.find((one) => one.rule === 'generator-limited');
  const told = escapeText(finding?.summary ?? 'It was not judged.');
  const verdict = finding?.verdict === 'found' ? `**${told}**` : told;
  return [
    title,
    table(['Load thread', 'CPU of a core', 'Send delay P50', 'P99', 'Max'], rows, ['l', 'r', 'r', 'r', 'r']),
    verdict,
  ].join('\n\n');
}
