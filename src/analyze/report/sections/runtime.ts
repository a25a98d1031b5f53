import type { GcKind } from '../../../run.ts';
import { cleanReason } from '../clean-reason.ts';
import { formatLatency, significant } from '../format.ts';
import { escapeText, figure, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

type Target = NonNullable<Report['phases']['clean']>['target'];

/** The tracker's runtime and its threads in the clean phase: collections, event loop, and the time off the CPU. */
export function runtimeHealth(report: Report): string {
  const title = '#### Runtime in the clean phase';
  const target = report.phases.clean?.target ?? null;
  if (target === null) return `${title}\n\nNot measured: ${escapeText(cleanReason(report))}.`;
  const runtime = runtimeRows(target);
  const parts = [title];
  if (runtime === null) {
    const reason =
      report.notMeasured.find((one) => one.figure === 'memory.runtime')?.reason ?? 'no sample was taken';
    parts.push(`Garbage collection and event loop: not measured, ${escapeText(reason)}.`);
  }
  parts.push(table(['Metric', 'Value'], [...(runtime ?? []), ...offCpuRows(target)], ['l', 'r']));
  return parts.join('\n\n');
}

/** V8's kinds in words, with the name that V8 has for them. */
const gcWords = {
  minor: 'young objects (minor)',
  major: 'the whole heap (major)',
  incremental: 'marking in steps (incremental)',
  weakcb: "V8's weak callbacks (weakcb)",
} as const satisfies Record<GcKind, string>;

function runtimeRows(target: Target): string[][] | null {
  const { gcMsByKind: gcMs, gcCountByKind: gcCount } = target;
  if (gcMs === null || gcCount === null) return null;
  const none = 'no sample was taken';
  return [
    ...Object.entries(gcMs).map(([kind, ms]) => [
      `Garbage collection, ${gcWords[kind as keyof typeof gcWords]}`,
      `${significant(ms)} ms in ${gcCount[kind as keyof typeof gcCount]} runs`,
    ]),
    ['Event-loop delay, median of P99', figure(target.eventLoopDelayNsP99Median, formatLatency, none)],
    ['Event-loop delay, longest', figure(target.eventLoopDelayNsMax, formatLatency, none)],
    ['Event-loop utilisation, mean', figure(target.eventLoopUtilizationMean, percent, none)],
  ];
}

/** What the kernel says of the time that the threads did not run. */
function offCpuRows(target: Target): string[][] {
  const unsampled = 'the process was not sampled';
  const states = target.threadStates;
  return [
    [
      'Waiting for a core',
      figure(target.runQueueDelayShare, (share) => `${percent(share)} of the time`, unsampled),
    ],
    [
      'Involuntary context switches',
      figure(
        target.involuntaryContextSwitchesPerSecond,
        (value) => `${significant(value)} a second`,
        unsampled,
      ),
    ],
    [
      'Voluntary context switches',
      figure(
        target.voluntaryContextSwitchesPerRequest,
        (value) => `${significant(value)} a request`,
        unsampled,
      ),
    ],
    [
      'Threads, mean',
      figure(
        states,
        ({ running, asleep, uninterruptible }) =>
          `${significant(running)} running or runnable, ${significant(asleep)} asleep, ${significant(uninterruptible)} in uninterruptible sleep`,
        unsampled,
      ),
    ],
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
