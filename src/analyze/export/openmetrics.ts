/** OpenMetrics text, which Prometheus and its Pushgateway and node_exporter's textfile collector read. */
import { operations } from '../../run.ts';
import type { Report } from '../report/report-schema.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [suffix: string, labels: Labels, value: number | null | undefined];

interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'summary' | 'info';
  /** Must be the end of the name, where there is one. */
  readonly unit?: 'seconds' | 'bytes' | 'ratio';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const PREFIX = 'tracker_lab_';
const NANOSECONDS = 1e9;

/**
 * The figures of the clean phase in base units (seconds, bytes, ratios), each labelled with run, scenario and tracker. What
 * was not measured is left out.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function openMetrics(report: Report): string {
  const common = {
    run: report.runId,
    scenario: report.scenario.name,
    tracker: report.target.name,
    workers: String(report.scenario.concurrency),
  };
  const written = families(report).flatMap((family) => writeFamily(family, common));
  return `${[...written, '# EOF'].join('\n')}\n`;
}

function families(report: Report): Family[] {
  const { clean } = report.phases;
  const latency = clean?.latency ?? null;
  const seconds = (ns: number | undefined) => (ns === undefined ? null : ns / NANOSECONDS);
  const microseconds = clean?.target.cpuMicrosecondsPerRequest ?? null;
  return [
    {
      name: 'run',
      type: 'info',
      help: 'Of what the figures are',
      samples: [
        [
          '_info',
          {
            tracker_version: report.target.version ?? '',
            lab_version: report.environment.labVersion,
            started_at: report.startedAt,
            status: report.statuses.overall.tier ?? '',
          },
          1,
        ],
      ],
    },
    gauge(
      'run_valid',
      'Whether the figures say anything of the tracker (1) or not (0)',
      report.valid ? 1 : 0,
    ),
    gauge('requests_per_second', 'Successful requests per second', clean?.requestsPerSecond),
    { ...gauge('success_ratio', 'Successful requests over all', clean?.successShare), unit: 'ratio' },
    {
      name: 'requests',
      type: 'counter',
      help: 'Requests by operation and outcome',
      samples: operations.flatMap((operation): Sample[] => {
        const counts = clean?.operations[operation];
        return (
          [
            ['succeeded', counts?.succeeded],
            ['timed_out', counts?.timedOut],
            ['error_reply', counts?.errorReplies],
            ['malformed_reply', counts?.malformedReplies],
            ['send_failed', counts?.sendFailed],
            ['unresolved', counts?.unresolved],
          ] as const
        ).map(([outcome, value]): Sample => ['_total', { operation, outcome }, value]);
      }),
    },
    {
      name: 'latency_seconds',
      type: 'summary',
      unit: 'seconds',
      help: 'Latency of the requests that succeeded or timed out',
      samples: [
        ['', { quantile: '0.5' }, seconds(latency?.p50Ns)],
        ['', { quantile: '0.95' }, seconds(latency?.p95Ns)],
        ['', { quantile: '0.99' }, seconds(latency?.p99Ns)],
        ['', { quantile: '0.999' }, seconds(latency?.p999Ns)],
        ['', { quantile: '1' }, seconds(latency?.maxNs)],
        ['_count', {}, latency?.count],
        ['_sum', {}, latency === null ? null : (latency.meanNs * latency.count) / NANOSECONDS],
      ],
    },
    {
      ...gauge(
        'cpu_per_request_seconds',
        'CPU time of the tracker per successful request',
        microseconds === null ? null : microseconds / 1e6,
      ),
      unit: 'seconds',
    },
    {
      ...gauge('resident_memory_peak_bytes', 'Most resident memory', report.memory.rss?.peakBytes),
      unit: 'bytes',
    },
    {
      ...gauge('resident_memory_growth_bytes', 'Growth of resident memory', report.memory.rss?.growthBytes),
      unit: 'bytes',
    },
    {
      name: 'finding_share_ratio',
      type: 'gauge',
      unit: 'ratio',
      help: 'Share of the cost that a bottleneck explains, of those that were found',
      samples: report.findings
        .filter(({ verdict }) => verdict === 'found')
        .map(({ rule, share }): Sample => ['', { rule }, share]),
    },
  ];
}

function gauge(name: string, help: string, value: number | null | undefined): Family {
  return { name, type: 'gauge', help, samples: [['', {}, value]] };
}

function writeFamily({ name, type, unit, help, samples }: Family, common: Labels): string[] {
  const measured = samples.filter(([, , value]) => value !== null && value !== undefined);
  if (measured.length === 0) return [];
  const full = `${PREFIX}${name}`;
  return [
    `# TYPE ${full} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${full} ${unit}`]),
    `# HELP ${full} ${help}`,
    ...measured.map(
      ([suffix, labels, value]) => `${full}${suffix}{${writeLabels({ ...common, ...labels })}} ${value}`,
    ),
  ];
}

function writeLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', ' ');
}
