import { formatCount } from './format.ts';
import type { Report } from './report-schema.ts';

/**
 * A sentence, after a space, where the status is what it is by a latency that a closed loop makes by itself; else empty.
 */
export function queueRemark(report: Report): string {
  const { latency, requests, overall } = report.statuses;
  const isByLatency = overall.tier === latency.overall.tier && requests.overall.tier !== overall.tier;
  if (!report.valid || !isByLatency || report.littlesLaw?.isQueue !== true) return '';
  if (overall.tier === 'Excellent' || overall.tier === 'Good') return '';
  return ` The latency is the queue of ${formatCount(report.scenario.concurrency)} closed-loop workers (Little's law).`;
}
