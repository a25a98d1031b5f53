import type { ProfileKind } from '../../../run.ts';
import { fittingUnit, formatMeasure } from '../../profile/format-measure.ts';
import { isGoRuntime } from '../../target-runtime.ts';
import { formatDuration, significant } from '../format.ts';
import { bullets, escapeCell, escapeText } from '../markdown-text.ts';
import type { Report, TopPair } from '../report-schema.ts';
import { cpuTop, profileOfTop } from '../top-pair.ts';
import { pairText } from './profile-tables.ts';

/** Functions whose growth is said in words. */
const TOLD_GROWTHS = 3;

type TopName = keyof Report['top'];

/** Parts that only some targets have, with what is ranked in each. */
const furtherParts: readonly { readonly name: TopName; readonly heading: string; readonly title: string }[] =
  [
    {
      name: 'mutex',
      heading: 'Waiting for locks, by who held them (mutex profile)',
      title:
        'Top 10 functions by the waiting that they caused until they unlocked, which is where Go books it',
    },
    {
      name: 'block',
      heading: 'Waiting for locks and channels, by who waited (block profile)',
      title: 'Top 10 functions by their waiting, waits for work on a channel included',
    },
    { name: 'goroutine', heading: 'Goroutines', title: 'Top 10 places by the goroutines that were there' },
  ];

/** Profiling Results: the costliest functions and allocators, raw and charged to the application. */
export function profilingSection(report: Report): string {
  const { allocations, liveHeap } = report.top;
  const further = furtherParts.filter(({ name }) => isExpected(report, name));
  return [
    '## Profiling Results',
    'Costs are printed as pprof prints them: 1 MB is 1024 kB here.',
    ...cpuParts(report),
    '### Memory Profile',
    allocations === null
      ? missing(report, 'allocations')
      : pairText(allocations, 'Top 10 allocators, objects collected since included'),
    allocations === null ? '' : `**Analysis:**\n\n${bullets(allocationAnalysis(report, allocations))}`,
    '#### Live heap',
    liveHeap === null
      ? missing(report, 'liveHeap')
      : pairText(liveHeap, `Top 10 by what was in use at the end of ${endOf(liveHeap)}, whenever it came`),
    liveHeap === null ? '' : whyThen(liveHeap),
    ...growthParts(report),
    ...further.flatMap(({ name, heading, title }) => {
      const pair = report.top[name];
      return [`#### ${heading}`, pair === null ? missing(report, name) : pairText(pair, title)];
    }),
    ...others(
      report,
      further.map(({ name }) => name),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Growth by call path, where the runtime can tell it: what the phase added to the snapshot above. */
function growthParts(report: Report): string[] {
  const { heapGrowth } = report.top;
  if (!isExpected(report, 'heapGrowth')) return [];
  const heading = '#### Growth of the live heap';
  if (heapGrowth === null) return [heading, missing(report, 'heapGrowth')];
  const told = heapGrowth.charged.rows.slice(0, TOLD_GROWTHS).map((row) => {
    const { unit } = heapGrowth.charged.valueType;
    const change = formatMeasure(Math.abs(row.value), unit, fittingUnit(row.value, unit));
    return isOfV8(heapGrowth)
      ? `${change} that ${escapeCell(row.functionName)} allocated came to be kept.`
      : `The live heap ${row.value < 0 ? 'shrank' : 'grew'} by ${change} in ${escapeCell(row.functionName)}.`;
  });
  return [
    heading,
    pairText(
      heapGrowth,
      isOfV8(heapGrowth)
        ? `Top 10 by what was allocated in the last ${formatDuration(heapGrowth.profile.durationNs / 1e6)} of the ${heapGrowth.profile.phase} phase and was alive at its end`
        : `Top 10 by what the live heap grew by over the ${heapGrowth.profile.phase} phase; below 0 it shrank`,
    ),
    `**Analysis:**\n\n${bullets(told)}`,
  ];
}

function isOfV8({ profile }: Pick<TopPair, 'profile'>): boolean {
  return /\bV8\b|datadog/.test(profile.source);
}

function endOf({ profile }: TopPair): string {
  return profile.phase === 'warm-up' ? 'warm-up' : `the ${profile.phase} phase`;
}

/** Why a live heap is not of the end of the run. */
function whyThen({ profile }: TopPair): string {
  return profile.phase === 'warm-up' && isOfV8({ profile })
    ? 'It is of that moment because V8 has one sampling heap profiler: after warm-up it has to count the allocations. What came to be kept later stands below, and in the memory over time.'
    : '';
}

/** The CPU profile that the rules went by first; perf's beside it where there are both. */
function cpuParts(report: Report): string[] {
  const { cpu, perf } = report.top;
  const main = cpuTop(report);
  const parts = ['### CPU Profile'];
  if (main === null) parts.push(missing(report, 'cpu'));
  else {
    if (cpu === null)
      parts.push(`The runtime's own profile is not there: ${escapeText(reasonOf(report, 'cpu'))}.`);
    parts.push(pairText(main, 'Top 10 functions by CPU time'));
    parts.push(`**Analysis:**\n\n${bullets(cpuAnalysis(report, main))}`);
  }
  if (cpu !== null && perf !== null) {
    parts.push('#### The same by perf, with native and kernel frames');
    parts.push(pairText(perf, 'Top 10 functions by CPU time'));
  }
  if (perf !== null) parts.push(...perfGaps(report));
  return parts;
}

/** What perf's profile does not show, below its table. */
function perfGaps({ missingProfiles }: Report): string[] {
  const gaps = missingProfiles.filter(({ kind }) => kind === 'perf').map(({ reason }) => escapeText(reason));
  return gaps.length === 0 ? [] : [`**Not in perf's profile:**\n\n${bullets(gaps)}`];
}

/** The profiles that have no part above, in one paragraph: nothing is passed over. */
function others(report: Report, shown: readonly TopName[]): string[] {
  const names = (['perf', 'mutex', 'block', 'goroutine'] as const)
    .filter((name) => report.top[name] === null && !shown.includes(name))
    .map((name) => `${name} (${escapeText(reasonOf(report, name))})`);
  return names.length === 0 ? [] : ['#### Other profiles', `Not measured: ${names.join('; ')}.`];
}

/** Whether a part is there or was to be expected: asked for, or of a Go target. */
function isExpected(report: Report, name: TopName): boolean {
  const kind: ProfileKind = profileOfTop[name];
  return (
    report.top[name] !== null ||
    isGoRuntime(report.target.runtime) ||
    report.missingProfiles.some((one) => one.kind === kind)
  );
}

function missing(report: Report, name: TopName): string {
  return `Not measured: ${escapeText(reasonOf(report, name))}.`;
}

function reasonOf(report: Report, name: TopName): string {
  return report.notMeasured.find((one) => one.figure === `top.${name}`)?.reason ?? 'it was not captured';
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

/** Only where collecting is a cost there is something to gain. */
function allocatingLess({ findings }: Report): string {
  const verdict = findings.find(({ rule }) => rule === 'gc-pressure')?.verdict;
  return verdict === 'clear'
    ? '; garbage collection costs little here, so allocating less gains little.'
    : ': the first place to allocate less.';
}

function verdictWord(verdict: 'found' | 'clear' | 'insufficient-data'): string {
  return verdict === 'insufficient-data' ? 'not enough data' : verdict;
}

function allocationAnalysis(report: Report, allocations: TopPair): string[] {
  const lines: string[] = [];
  const perSecond = report.phases.profiled?.requestsPerSecond ?? null;
  const seconds = allocations.profile.durationNs / 1e9;
  if (perSecond !== null && perSecond > 0 && seconds > 0 && allocations.raw.valueType.unit === 'bytes') {
    const agent = allocations.charged.rows.find(({ functionName }) => functionName === '(lab agent)');
    const bytes = (allocations.raw.total - (agent?.value ?? 0)) / (perSecond * seconds);
    lines.push(`${significant(bytes)} bytes are allocated for each request, the lab's own agent left out.`);
  }
  const top = allocations.charged.rows.find((row) => row.class === 'application');
  lines.push(
    top === undefined
      ? 'No application function is among the top allocators.'
      : `${escapeCell(top.functionName)} causes ${top.percent.toFixed(1)} % of the bytes${allocatingLess(report)}`,
  );
  if (report.memory.runtime !== null) {
    lines.push(
      'Memory of Buffers outside the heap is not in this profile; see array buffers under Memory Usage.',
    );
  }
  return lines;
}
