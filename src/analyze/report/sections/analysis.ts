import type { Finding, RuleId } from '../../finding.ts';
import { BUSY_CPU_SHARE } from '../../thresholds.ts';
import { invalidReason } from '../../validity.ts';
import { formatShare, significant } from '../format.ts';
import { bullets, escapeCell, escapeText, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';
import { shareWords } from '../share-words.ts';
import { patternsPart } from './patterns.ts';
import { whenSlowSection } from './when-slow.ts';

type ReportFinding = Report['findings'][number];

/** The template's four causes, and the rules that look for each. */
const causes: readonly { readonly name: string; readonly rules: readonly RuleId[] }[] = [
  {
    name: 'CPU-bound',
    rules: ['cpu-hot-function', 'gc-pressure', 'syscall-bound', 'logging', 'event-loop-stall'],
  },
  { name: 'Memory-bound', rules: ['memory-growth'] },
  { name: 'Lock contention', rules: ['lock-contention'] },
  { name: 'Network I/O', rules: ['receive-drops', 'external-wait', 'errors-returned'] },
];

/** Performance Analysis: what was found, with its evidence, and what to do about it. */
export function analysisSection(report: Report): string {
  return [
    '## Performance Analysis',
    bottlenecks(report),
    whenSlowSection(report),
    recommendations(report),
  ].join('\n\n');
}

function bottlenecks(report: Report): string {
  const found = report.findings.filter((finding) => finding.verdict === 'found');
  const parts = ['### Bottlenecks Identified'];
  if (!report.valid) {
    const reason = invalidReason(report.validity.checks) ?? 'a check failed';
    parts.push(`**This run is invalid: ${reason}. No verdict on the tracker is given.**`);
  } else if (found.length === 0) {
    parts.push(
      isSpent(report)
        ? `No rule found a bottleneck: the tracker has used up its CPU (${formatShare(report.cpuCapacityShare ?? 1)}), and no one cause stands out in what it does with it.`
        : 'No rule found a bottleneck.',
    );
  }
  for (const [index, finding] of found.entries()) parts.push(findingText(index + 1, finding));
  const others = report.findings.filter((finding) => finding.verdict !== 'found');
  if (others.length > 0) {
    parts.push('#### The other rules');
    parts.push(
      table(
        ['Rule', 'Verdict', 'Why'],
        others.map((finding) => [
          `\`${finding.rule}\``,
          finding.verdict === 'clear' ? 'clear' : 'not enough data',
          escapeText(finding.summary),
        ]),
      ),
    );
  }
  parts.push('#### The four causes', causesTable(report));
  parts.push(patternsPart(report));
  return parts.join('\n\n');
}

function findingText(number: number, finding: ReportFinding): string {
  const words = shareWords(finding);
  const share = words === null ? '' : `, explains ${words}`;
  const head = `${number}. **\`${finding.rule}\`** (${finding.severity}, confidence ${finding.confidence}${share}): ${escapeText(finding.summary)}`;
  return `${head}\n\n${evidenceTable(finding)}`;
}

function evidenceTable(finding: ReportFinding): string {
  const rows = finding.evidence.map((line) => [
    escapeCell(line.metric),
    `${significant(line.value)} ${line.unit}`,
    line.threshold === null ? '- (context)' : `${significant(line.threshold)} ${line.unit}`,
    escapeCell(line.source),
  ]);
  return table(['Evidence', 'Value', 'Limit', 'Read from'], rows, ['l', 'r', 'r', 'l']);
}

/** Whether the tracker is bound by its CPU, whatever it does with it. */
function isSpent(report: Report): boolean {
  return report.valid && (report.cpuCapacityShare ?? 0) >= BUSY_CPU_SHARE;
}

function causesTable(report: Report): string {
  const rows = causes.map(({ name, rules }) => {
    const findings = report.findings.filter((finding) => rules.includes(finding.rule as Finding['rule']));
    // Costly is not limiting: where CPU is left, nothing is bound by it.
    const hasCpuLeft = name === 'CPU-bound' && (report.cpuCapacityShare ?? 1) < BUSY_CPU_SHARE;
    const found = hasCpuLeft ? [] : findings.filter((finding) => finding.verdict === 'found');
    const decided = findings.filter((finding) => finding.verdict === 'clear');
    const verdict =
      found.length > 0
        ? 'found'
        : decided.length === findings.length || (hasCpuLeft && report.valid)
          ? 'clear'
          : 'not enough data';
    if (name === 'CPU-bound' && found.length === 0 && isSpent(report)) {
      return [name, 'found', '- (no one cause stands out)', escapeText(remark(name, report))];
    }
    const told = (found.length > 0 ? found : findings).map((finding) => `\`${finding.rule}\``);
    return [
      name,
      verdict,
      told.length === 0 ? '- (told by another rule)' : told.join(', '),
      escapeText(remark(name, report)),
    ];
  });
  return table(['Cause', 'Verdict', 'Rules', 'Figure'], rows);
}

function remark(cause: string, report: Report): string {
  const { clean } = report.phases;
  switch (cause) {
    case 'CPU-bound':
      return report.cpuCapacityShare === null
        ? "the tracker's CPU was not sampled"
        : `${formatShare(report.cpuCapacityShare)} of the CPU that its threads can use`;
    case 'Memory-bound':
      return report.memory.rss === null
        ? 'memory was not sampled'
        : `${(report.memory.rss.growthBytes / 1e6).toFixed(1)} MB growth`;
    case 'Lock contention':
      return clean?.latency == null
        ? 'no latency was measured'
        : `P99 is ${significant(clean.latency.p99Ns / clean.latency.p95Ns)} times P95`;
    default:
      return report.target.network === 'remote'
        ? 'the tracker is remote: latency of the way to it is part of every figure'
        : 'the tracker is local: the way to it costs next to nothing';
  }
}

function recommendations(report: Report): string {
  const advised = report.findings.filter(
    (finding) => finding.verdict === 'found' && finding.advice.length > 0,
  );
  const title = '### Optimization Recommendations';
  if (advised.length === 0) {
    return `${title}\n\nNothing is recommended: no rule found a cause, and a change without one is a guess.`;
  }
  const parts = advised.map((finding) => {
    const where = finding.subject === null ? '' : ` at ${escapeCell(finding.subject.function)}`;
    return `**\`${finding.rule}\`${where}**\n\n${bullets(finding.advice.map(escapeAdvice))}`;
  });
  return [title, ...parts].join('\n\n');
}

/** Advice is the lab's own text and may hold code spans. */
function escapeAdvice(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/<(?=[A-Za-z/!?])/g, '\\<');
}
