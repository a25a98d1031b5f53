/** What GitHub Actions shows: annotations by workflow commands, and a job summary. */
import { formatCount, formatLatency, formatMegabytes, formatRate, formatShare } from '../report/format.ts';
import { escapeText, table } from '../report/markdown-text.ts';
import type { Report } from '../report/report-schema.ts';
import { invalidReason } from '../validity.ts';
import type { Check } from './check-list.ts';

const commands: Readonly<Record<Check['outcome'], string | null>> = {
  failed: 'error',
  warned: 'warning',
  'not measured': null,
  passed: null,
};

/**
 * A workflow command for each check that failed or warns; the others are silent. Each is one line, whatever a name holds, and
 * says which run it is of.
 *
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubAnnotations({ scenario, target }: Report, checks: readonly Check[]): string {
  const run = `${scenario.name} on ${target.name}`;
  return checks
    .map(({ outcome, at, group, name, message }) => {
      const command = commands[outcome];
      if (command === null || command === undefined) return '';
      const place =
        at === null ? '' : `file=${escapeProperty(at.file)},${at.line === null ? '' : `line=${at.line},`}`;
      return `::${command} ${place}title=${escapeProperty(`${group}: ${name}`)}::${escapeData(`${run}: ${message}`)}\n`;
    })
    .join('');
}

function escapeData(text: string): string {
  const plain = text.replaceAll(/[^\P{Cc}\r\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�');
  return plain.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const icons: Readonly<Record<Check['outcome'], string>> = {
  failed: '❌ failed',
  warned: '⚠️ look',
  'not measured': 'not measured',
  passed: '✅ passed',
};

/** The job summary: verdict, headline figures, all thresholds, and of the other checks those worth a look. GitHub's Markdown. */
export function githubSummary(report: Report, checks: readonly Check[]): string {
  const { clean } = report.phases;
  const { overall } = report.statuses;
  const verdict = report.valid
    ? `**${overall.tier ?? 'No status'}** (${escapeText(overall.reason)})`
    : `**Invalid:** ${escapeText(invalidReason(report.validity.checks) ?? 'a check failed')}. The figures say nothing of the tracker.`;
  const cpu = clean?.target.cpuMicrosecondsPerRequest;
  const figures = [
    ['Requests/s', shown(clean?.requestsPerSecond, formatRate)],
    ['Successful', shown(clean?.successShare, formatShare)],
    ['P50', shown(clean?.latency?.p50Ns, formatLatency)],
    ['P95', shown(clean?.latency?.p95Ns, formatLatency)],
    ['P99', shown(clean?.latency?.p99Ns, formatLatency)],
    ['CPU per request', shown(cpu, (value) => `${value.toFixed(1)} µs`)],
    ['Memory growth', shown(report.memory.rss?.growthBytes, formatMegabytes)],
  ];
  const told = checks.filter(
    ({ outcome, group }) => outcome === 'failed' || outcome === 'warned' || group === 'threshold',
  );
  const rows = told.map(({ outcome, group, name, message }) => [
    icons[outcome],
    `${group}: ${escapeText(name)}`,
    escapeText(message) || '-',
  ]);
  const quiet = checks.filter(({ outcome }) => outcome === 'passed').length;
  return `${[
    `### tracker-lab: ${escapeText(report.scenario.name)} (${formatCount(report.scenario.concurrency)} workers) on ${escapeText(report.target.name)}`,
    verdict,
    table(['Figure', 'Clean phase'], figures, ['l', 'r']),
    ...(rows.length === 0 ? [] : [table(['Outcome', 'Check', 'What was found'], rows)]),
    `${quiet} of ${checks.length} checks passed. Run \`${report.runId}\`.`,
  ].join('\n\n')}\n`;
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? 'not measured' : format(value);
}
