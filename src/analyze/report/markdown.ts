/** report.md: the benchmark results template filled for one run, every section in its order. Pure. */
import { invalidReason } from '../validity.ts';
import { cleanReason } from './clean-reason.ts';
import { formatLatency, formatRate } from './format.ts';
import { escapeText, figure } from './markdown-text.ts';
import { queueRemark } from './queue-remark.ts';
import type { Report } from './report-schema.ts';
import { analysisSection } from './sections/analysis.ts';
import { clinicSection } from './sections/clinic.ts';
import { comparisonSection } from './sections/comparison.ts';
import { configurationSection, environmentSection } from './sections/environment.ts';
import { historySection, quickReferenceSection } from './sections/history-and-reference.ts';
import { latencyStatistics, memoryUsage } from './sections/latency-and-memory.ts';
import { loadAgentsSection } from './sections/load-agents.ts';
import { membersSection } from './sections/members.ts';
import { profilingSection } from './sections/profiling.ts';
import { requestBreakdown, requestStatistics } from './sections/requests.ts';
import { validitySection } from './sections/validity.ts';

/** The whole report as Markdown (GFM). */
export function renderMarkdown(report: Report): string {
  const sections = [
    '# BitTorrent UDP Tracker Benchmark Results',
    verdict(report),
    environmentSection(report),
    configurationSection(report),
    '## Results Summary',
    validitySection(report),
    ...(report.agents === null ? [] : [loadAgentsSection(report.agents)]),
    requestStatistics(report),
    requestBreakdown(report),
    ...(report.members.length === 0 ? [] : [membersSection(report)]),
    latencyStatistics(report),
    memoryUsage(report),
    analysisSection(report),
    comparisonSection(report),
    profilingSection(report),
    ...(report.clinic === null ? [] : [clinicSection(report.clinic, report)]),
    historySection(report),
    quickReferenceSection(report),
  ];
  return `${sections.join('\n\n')}\n`;
}

function verdict(report: Report): string {
  const lines: string[] = [];
  if (report.partial !== null) {
    lines.push(
      `**Partial:** the run was cut short (${escapeText(report.partial.reason)}). What is here is real, but not all of it.`,
    );
  }
  if (!report.valid) {
    lines.push(
      `**Invalid:** ${invalidReason(report.validity.checks) ?? 'a check failed'}. The figures say nothing of what the tracker can do.`,
    );
  }
  const { clean } = report.phases;
  const { overall } = report.statuses;
  const rate = figure(clean?.requestsPerSecond, (value) => `${formatRate(value)} req/s`, cleanReason(report));
  const p95 = figure(clean?.latency?.p95Ns, (value) => `P95 ${formatLatency(value)}`, cleanReason(report));
  lines.push(
    `**${overall.tier ?? 'No status'}** (${overall.reason}): ${rate}, ${p95}.${queueRemark(report)}`,
  );
  const first = report.findings.find((finding) => finding.verdict === 'found');
  if (first !== undefined) lines.push(`First cause: ${escapeText(first.summary)}`);
  return lines.map((line) => `> ${line}`).join('\n>\n');
}
