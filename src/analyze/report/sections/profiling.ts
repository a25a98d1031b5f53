import { fittingUnit, formatMeasure, formatPercent } from '../../profile/format-measure.ts';
import { formatCount, formatDuration, significant } from '../format.ts';
import { bullets, escapeCell, escapeText, table } from '../markdown-text.ts';
import type { Report, TopPair } from '../report-schema.ts';

/** Profiling Results: the costliest functions and allocators, raw and charged to the application. */
export function profilingSection(report: Report): string {
  const { cpu, allocations, liveHeap } = report.top;
  return [
    '## Profiling Results',
    'Costs are printed as pprof prints them: 1 MB is 1024 kB here.',
    '### CPU Profile',
    cpu === null ? missing(report, 'top.cpu') : pairText(cpu, 'Top 10 functions by CPU time'),
    cpu === null ? '' : `**Analysis:**\n\n${bullets(cpuAnalysis(report, cpu))}`,
    '### Memory Profile',
    allocations === null
      ? missing(report, 'top.allocations')
      : pairText(allocations, 'Top 10 allocators, objects collected since included'),
    allocations === null ? '' : `**Analysis:**\n\n${bullets(allocationAnalysis(report, allocations))}`,
    '#### Live heap',
    liveHeap === null
      ? missing(report, 'top.liveHeap')
      : pairText(liveHeap, 'Top 10 by what was still in use at the end'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function missing(report: Report, figure: string): string {
  const reason = report.notMeasured.find((one) => one.figure === figure)?.reason ?? 'it was not captured';
  return `Not measured: ${escapeText(reason)}.`;
}

function pairText(pair: TopPair, title: string): string {
  const { profile, raw, charged } = pair;
  const { unit } = raw.valueType;
  const value = (amount: number): string => formatMeasure(amount, unit, fittingUnit(amount, unit));
  const interval = `${significant(profile.interval.value)} ${profile.interval.unit}`;
  const threads = profile.threads.length === 1 ? '1 thread' : `${profile.threads.length} threads`;
  const head = `${title}: ${value(raw.total)} (${escapeText(raw.valueType.type)}) in ${formatDuration(profile.durationNs / 1e6)} of the ${profile.phase} phase, ${threads}, one sample every ${interval}, by ${escapeText(profile.source)}. File: ${escapeText(profile.file)}.`;
  if (raw.rows.length === 0) return `${head}\n\nThe profile holds no sample.`;
  const rawRows = raw.rows.map((row) => [
    value(row.flat),
    formatPercent(row.flatPercent, 100).trim(),
    formatPercent(row.sumPercent, 100).trim(),
    value(row.cum),
    formatPercent(row.cumPercent, 100).trim(),
    escapeCell(row.functionName),
    place(row),
  ]);
  const chargedRows = charged.rows.map((row) => [
    value(row.value),
    formatPercent(row.percent, 100).trim(),
    escapeCell(row.functionName),
    place(row),
    row.class,
    row.via.map((leaf) => `${escapeCell(leaf.functionName)} ${Math.round(leaf.percent)} %`).join(', ') ||
      '- (itself)',
  ]);
  return [
    head,
    '**As `go tool pprof -top` prints it:**',
    table(['flat', 'flat%', 'sum%', 'cum', 'cum%', 'Function', 'File'], rawRows, [
      'r',
      'r',
      'r',
      'r',
      'r',
      'l',
      'l',
    ]),
    left(raw.omittedRows),
    '**Charged to the nearest application function** (what has none, such as garbage collection and idle time, has rows of its own):',
    table(['Cost', 'Share', 'Function', 'File', 'Class', 'Through'], chargedRows, [
      'r',
      'r',
      'l',
      'l',
      'l',
      'l',
    ]),
    left(charged.omittedRows),
  ].join('\n\n');
}

function left(count: number): string {
  return count === 0
    ? 'No further row.'
    : `${formatCount(count)} further ${count === 1 ? 'row is' : 'rows are'} left out.`;
}

function place(row: { readonly file: string; readonly line: number; readonly class: string }): string {
  if (row.file === '') return `- (${row.class})`;
  return escapeCell(row.line === 0 ? row.file : `${row.file}:${row.line}`);
}

/** One sentence a rule that reads the CPU profile, as it was found here. */
function cpuAnalysis(report: Report, cpu: TopPair): string[] {
  const told = (['cpu-hot-function', 'gc-pressure', 'lock-contention', 'syscall-bound'] as const).flatMap(
    (rule) => {
      const finding = report.findings.find((one) => one.rule === rule);
      return finding === undefined
        ? []
        : [`\`${rule}\` (${verdictWord(finding.verdict)}): ${escapeText(finding.summary)}`];
    },
  );
  const sampled = cpu.raw.durationNs > 0 ? cpu.raw.total / cpu.raw.durationNs : null;
  const isTime = cpu.raw.valueType.unit === 'nanoseconds';
  if (sampled === null || !isTime) return told;
  return [
    ...told,
    `The samples add up to ${(sampled * 100).toFixed(1)} % of the time that the profiler was on.`,
  ];
}

function verdictWord(verdict: 'found' | 'clear' | 'insufficient-data'): string {
  return verdict === 'insufficient-data' ? 'not enough data' : verdict;
}

function allocationAnalysis(report: Report, allocations: TopPair): string[] {
  const lines: string[] = [];
  const perSecond = report.phases.profiled?.requestsPerSecond ?? null;
  const seconds = allocations.profile.durationNs / 1e9;
  if (perSecond !== null && perSecond > 0 && seconds > 0 && allocations.raw.valueType.unit === 'bytes') {
    const bytes = allocations.raw.total / (perSecond * seconds);
    lines.push(`${significant(bytes)} bytes are allocated for each request.`);
  }
  const top = allocations.charged.rows.find((row) => row.class === 'application');
  lines.push(
    top === undefined
      ? 'No application function is among the top allocators.'
      : `${escapeCell(top.functionName)} causes ${top.percent.toFixed(1)} % of the bytes: the first place to allocate less.`,
  );
  lines.push(
    'Memory of Buffers outside the heap is not in this profile; see array buffers under Memory Usage.',
  );
  return lines;
}
