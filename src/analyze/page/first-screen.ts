/** What a reader sees first: the verdict, what was found, the headline figures. */
import type { EvidenceLine } from '../finding.ts';
import { fittingUnit, formatMeasure } from '../profile/format-measure.ts';
import { cleanReason } from '../report/clean-reason.ts';
import {
  formatCount,
  formatDuration,
  formatLatency,
  formatMegabytes,
  formatRate,
  formatShare,
  significant,
} from '../report/format.ts';
import { queueRemark } from '../report/queue-remark.ts';
import type { Report, TopPair } from '../report/report-schema.ts';
import { shareWords } from '../report/share-words.ts';
import { cpuTop } from '../report/top-pair.ts';
import type { Status } from '../status.ts';
import { invalidReason } from '../validity.ts';
import { type Html, html } from './html.ts';

type Finding = Report['findings'][number];

/** Verdict, figures and findings of one run. */
export function firstScreen(report: Report): Html {
  return html`<section class="first" aria-labelledby="verdict">
${verdict(report)}
<div class="overview">
${figures(report)}
<div>
${findings(report)}
${costliest('CPU, charged to', cpuTop(report))}
${costliest('Allocated by', report.top.allocations)}
</div>
</div>
</section>`;
}

function verdict(report: Report): Html {
  const { scenario, target, statuses, startedAt, partial, runId } = report;
  const version = target.version === null ? '' : ` ${target.version}`;
  const tier = report.valid ? (statuses.overall.tier ?? 'No status') : 'Invalid';
  const reason = report.valid
    ? `${statuses.overall.reason}.${queueRemark(report)}`
    : `${invalidReason(report.validity.checks) ?? 'a check failed'}. The figures say nothing of what the tracker can do.`;
  const doubts = report.validity.checks.filter(({ verdict: found }) => found !== 'ok');
  return html`<div class="verdict tier-${tierClass(tier)}">
<p class="badge">${tier}</p>
<div>
<h1 id="verdict">${scenario.name}, ${formatCount(scenario.concurrency)} workers on ${target.name}${version}</h1>
<p class="why">${report.valid ? 'Valid run; ' : 'Not valid: '}${reason}</p>
<p class="facts">${[
    startedAt.slice(0, 16).replace('T', ' '),
    ' UTC · ',
    formatDuration(report.phases.clean?.durationMs ?? scenario.durationMs),
    ' without a profiler · ',
    scenario.ratePerSecond === 0
      ? 'closed loop'
      : `open loop, ${formatCount(scenario.ratePerSecond)} req/s offered`,
    ' · ',
    target.runtime ?? 'runtime not known',
    ' · ',
    report.environment.cpuModel,
    ` · run ${runId}`,
  ]}</p>
${partial !== null && html`<p class="notice"><strong>Partial:</strong> the run was cut short (${partial.reason}). What is here is real, but not all of it.</p>`}
${doubts.map(({ check, verdict: found, reason: why }) => html`<p class="notice"><strong>${check}, ${found}:</strong> ${why}</p>`)}
</div>
</div>`;
}

function tierClass(tier: string): string {
  return tier.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}

function figures(report: Report): Html {
  const { clean } = report.phases;
  const { requests, latency, memory } = report.statuses;
  const missing = cleanReason(report);
  const share = clean?.successShare;
  const unsampled = report.notMeasured.find(({ figure }) => figure === 'memory.rss')?.reason ?? missing;
  const tile = (
    name: string,
    value: string | null,
    status: Status | null,
    note = '',
    reason = missing,
  ): Html => {
    const [number, unit] = splitUnit(value);
    return html`<div class="tile${status?.tier == null ? '' : html` tier-${tierClass(status.tier)}`}">
<dt>${name}</dt>
<dd><span class="value">${number ?? 'not measured'}</span>${unit !== null && html` <span class="unit">${unit}</span>`}
<span class="status">${status?.tier ?? ''}</span>
<span class="note">${value === null ? reason : note}</span></dd>
</div>`;
  };
  const cpu = clean?.target.cpuMicrosecondsPerRequest;
  const system = clean?.target.systemMicrosecondsPerRequest;
  const failed = clean?.requests.failed ?? 0;
  const latencyTile = (name: string, key: 'p50Ns' | 'p95Ns' | 'p99Ns' | 'maxNs', status: Status): Html =>
    // P50 and Max have no limit: the tile says why instead of a status.
    tile(
      name,
      shown(clean?.latency?.[key], formatLatency),
      status,
      status.tier === null ? status.reason : '',
    );
  return html`<dl class="tiles" aria-label="Headline figures">
${tile(
  'Requests/second',
  shown(clean?.requestsPerSecond, (value) => `${formatRate(value)} req/s`),
  requests.requestsPerSecond,
  clean == null ? '' : `${formatCount(clean.requests.sent)} requests sent`,
)}
${tile('Success', shown(share, formatShare), requests.successful, failed === 0 ? 'none failed' : `${formatCount(failed)} failed`)}
${latencyTile('Latency P50', 'p50Ns', latency.p50)}
${latencyTile('Latency P95', 'p95Ns', latency.p95)}
${latencyTile('Latency P99', 'p99Ns', latency.p99)}
${latencyTile('Latency Max', 'maxNs', latency.max)}
${tile(
  'CPU per request',
  shown(cpu, (value) => `${significant(value)} µs`),
  null,
  system == null ? '' : `${significant(system)} µs of it in the kernel`,
  unsampled,
)}
${tile('Memory growth', shown(report.memory.rss?.growthBytes, formatMegabytes), memory.growth, report.memory.rss === null ? '' : `to ${formatMegabytes(report.memory.rss.peakBytes)}`, unsampled)}
</dl>`;
}

function splitUnit(value: string | null): [string | null, string | null] {
  if (value === null) return [null, null];
  const at = value.lastIndexOf(' ');
  return at < 0 ? [value, null] : [value.slice(0, at), value.slice(at + 1)];
}

function shown<T>(value: T | null | undefined, format: (value: T) => string): string | null {
  return value === null || value === undefined ? null : format(value);
}

function findings(report: Report): Html {
  const found = report.findings.filter((finding) => finding.verdict === 'found');
  const open = report.findings.filter((finding) => finding.verdict === 'insufficient-data');
  const none = report.valid ? 'No rule found a bottleneck.' : 'No verdict: the run is invalid.';
  return html`<div class="findings">
<h2 id="findings">What limits it</h2>
${found.length === 0 ? html`<p>${none}</p>` : html`<ol>${found.map(findingCard)}</ol>`}
<p class="note">${report.findings.length - found.length - open.length} of ${report.findings.length} rules are clear${open.length > 0 && html`; ${open.map(({ rule }) => rule).join(', ')} could not tell`}.</p>
</div>`;
}

function findingCard(finding: Finding): Html {
  const words = shareWords(finding);
  return html`<li class="finding severity-${finding.severity}">
<p class="head"><code>${finding.rule}</code> <span class="severity">${finding.severity}, confidence ${finding.confidence}</span></p>
${finding.share !== null && words !== null && html`<p class="share">${shareBar(finding.share)}<span>${words}</span></p>`}
<p>${finding.summary}</p>
${finding.subject !== null && html`<p class="subject">${frameLink(finding)}</p>`}
<details><summary>Evidence${finding.advice.length > 0 && ' and advice'}</summary>
<ul class="evidence">${finding.evidence.map((line) => html`<li>${evidenceText(line)}</li>`)}</ul>
${finding.advice.length > 0 && html`<ul class="advice">${finding.advice.map((advice) => html`<li>${advice}</li>`)}</ul>`}
</details>
</li>`;
}

/** Rows of each short list; the whole tables are below. */
const SHOWN_ROWS = 4;

/** The costliest functions in brief. Idle time is no cost: shares are of the rest, as in the terminal's summary. */
function costliest(title: string, pair: TopPair | null): Html {
  if (pair === null) return html``;
  const { rows, total, valueType } = pair.charged;
  const busy = rows.filter((row) => row.class !== 'idle').slice(0, SHOWN_ROWS);
  const idle = rows.filter((row) => row.class === 'idle').reduce((sum, row) => sum + row.value, 0);
  if (busy.length === 0 || total <= idle) return html``;
  const items = busy.map(({ functionName, file, line, value }) => {
    const share = value / (total - idle);
    const amount = formatMeasure(value, valueType.unit, fittingUnit(value, valueType.unit));
    const place = file === '' ? null : html` <span class="place">${file}${line > 0 && `:${line}`}</span>`;
    return html`<li>${shareBar(share)}<span class="amount">${(share * 100).toFixed(1)} %</span><span class="amount">${amount}</span><span class="where"><span class="frame" data-function="${functionName}" data-file="${file}" data-profile="${pair.profile.file}">${functionName}</span>${place}</span></li>`;
  });
  return html`<div class="costliest"><h3>${title}${idle > 0 && html` <span class="note">(idle left out)</span>`}</h3><ol>${items}</ol></div>`;
}

/** A picture of a share from 0 to 1; the figure stands beside it. */
function shareBar(share: number): Html {
  const width = (Math.min(1, Math.max(0, share)) * 100).toFixed(2);
  return html`<svg class="bar-chart" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="whole" width="100" height="8"/><rect class="part" width="${width}" height="8"/></svg>`;
}

/** The page's script turns it into a link where a flame graph has the function. */
function frameLink({ subject, evidence }: Finding): Html {
  if (subject === null) return html``;
  const file = evidence
    .map(({ source }) => /[\w.-]+\.pb\.gz/.exec(source)?.[0])
    .find((name) => name !== undefined);
  const place =
    subject.file === null ? '' : `${subject.file}${subject.line === null ? '' : `:${subject.line}`}`;
  return html`<span class="frame" data-function="${subject.function}" data-file="${subject.file ?? ''}" data-profile="${file ?? ''}">${subject.function}</span>${place !== '' && html` <span class="place">${place}</span>`}`;
}

function evidenceText({ metric, value, unit, threshold, source }: EvidenceLine): string {
  const limit = threshold === null ? '' : ` (limit ${significant(threshold)} ${unit})`;
  return `${metric}: ${significant(value)} ${unit}${limit}; ${source}`;
}
