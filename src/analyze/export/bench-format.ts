/** Go's benchmark format, which benchstat compares. */
import type { Report } from '../report/report-schema.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/**
 * One benchmark line of the clean phase. A run is one sample: append the exports of several runs to one file, and hold the
 * files of two sides against each other.
 *
 * A run that is invalid carries `valid: no`, by which benchstat keeps it apart from the others. A figure that was not
 * measured is left out.
 *
 * @see https://go.dev/design/14313-benchmark-format
 */
export function benchFormat(report: Report): string {
  const { clean } = report.phases;
  const { environment, scenario } = report;
  const microseconds = clean?.target.cpuMicrosecondsPerRequest ?? null;
  const figures: readonly (readonly [value: number | null | undefined, unit: string])[] = [
    [clean?.requestsPerSecond, 'req/s'],
    [clean?.latency?.p50Ns, 'p50-ns'],
    [clean?.latency?.p95Ns, 'p95-ns'],
    [clean?.latency?.p99Ns, 'p99-ns'],
    [clean?.latency?.maxNs, 'max-ns'],
    [microseconds === null ? null : microseconds * 1000, 'cpu-ns/req'],
    [clean?.successShare == null ? null : clean.successShare * 100, 'success-%'],
    [report.memory.rss?.peakBytes, 'peak-RSS-bytes'],
  ];
  const measured = figures.flatMap(([value, unit]) =>
    value === null || value === undefined ? [] : [`${plain(value)} ${unit}`],
  );
  const name = `BenchmarkTracker/scenario=${scenario.name}/workers=${scenario.concurrency}${
    scenario.ratePerSecond > 0 ? `/rate=${scenario.ratePerSecond}` : ''
  }-${environment.cpuCount}`;
  const requests = clean?.requests.sent ?? 0;
  return [
    `os: ${oneLine(environment.os)}`,
    `goarch: ${architectures[environment.arch] ?? oneLine(environment.arch)}`,
    'pkg: tracker-lab',
    `cpu: ${oneLine(environment.cpuModel)}`,
    ...(report.valid ? [] : ['valid: no']),
    'Unit req/s better=higher',
    'Unit success-% better=higher',
    ...(requests === 0 || measured.length === 0 ? [] : [`${name} ${requests} ${measured.join(' ')}`]),
    '',
  ].join('\n');
}

/** Without an exponent, which some readers do not take. */
function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(6)));
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
