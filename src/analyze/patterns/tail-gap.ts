import type { Share } from '../../units.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding, RuleId } from '../finding.ts';
import { heldDelay, waitedDelay } from '../lock-waits.ts';
import { offCpu } from '../off-cpu.ts';
import { phaseFigures } from '../phase-figures.ts';
import { runtimeRows, span } from '../series.ts';
import { targetRuntime } from '../target-runtime.ts';
import {
  NOTABLE_COST_SHARE,
  NOTABLE_TAIL_SHARE,
  STALL_CAUSE_SHARE,
  STALL_TIME_SHARE,
  TAIL_GAP_FACTOR,
} from '../thresholds.ts';
import { localLatencyTiers } from '../tier-tables.ts';
import { usableCores } from '../used-capacity.ts';
import { cannotTell, context, type PatternAnswer } from './pattern.ts';

/** P99 up to which a local tracker is excellent, whatever its P95. */
const HARMLESS_P99_NS =
  localLatencyTiers.tiers[0]?.conditions.find(({ figure }) => figure === 'p99Ns')?.limit ?? 0;

/**
 * Is P99 far above P95, and is that contention or stalls? A stall shows as a delay of the event loop that is a part of the
 * P99; contention as threads off the CPU that are not idle; a core that others had as time in the run queue.
 *
 * @param findings - of the same run: which of the causes their rules found
 */
export function tailGap(evidence: Evidence, findings: readonly Finding[]): PatternAnswer {
  const figures = phaseFigures(evidence, 'clean');
  const latency = figures?.latency ?? null;
  if (figures === null || latency === null || latency.p95Ns <= 0) {
    return cannotTell('nothing was answered in the clean phase');
  }
  const ratio = latency.p99Ns / latency.p95Ns;
  const lines: EvidenceLine[] = [
    {
      metric: 'P99 over P95',
      value: ratio,
      unit: 'times',
      threshold: TAIL_GAP_FACTOR,
      source: 'histograms, clean phase',
    },
    {
      metric: 'P99',
      value: latency.p99Ns / 1e6,
      unit: 'ms',
      threshold: HARMLESS_P99_NS / 1e6,
      source: 'histograms, clean phase',
    },
  ];
  const gap = `P99 is ${ratio.toFixed(1)} times P95`;
  if (ratio < TAIL_GAP_FACTOR) {
    return { verdict: 'clear', told: `${gap}, no more than a queue makes`, evidence: lines };
  }
  if (evidence.run.target.network === 'remote') {
    return cannotTell(`${gap}, but the tracker is remote, and the way to it has a tail of its own`, lines);
  }
  if (latency.p99Ns < HARMLESS_P99_NS) {
    return { verdict: 'clear', told: `${gap}, and still below ${HARMLESS_P99_NS / 1e6} ms`, evidence: lines };
  }
  const causes = causesOf(evidence, latency.p99Ns, findings, lines);
  const because =
    causes.length === 0
      ? `${blindness(evidence)}, so its cause is not known`
      : `because of ${causes.join(', and ')}`;
  return { verdict: 'found', told: `${gap}, ${because}`, evidence: lines };
}

/** What was looked at and shows nothing, and what could not be looked at. */
function blindness(evidence: Evidence): string {
  const isSeen = { loop: stalledShare(evidence, 0) !== null, off: offCpuShare(evidence) !== null };
  const unseen = [
    ...(isSeen.loop || targetRuntime(evidence) !== 'node' ? [] : ['the delay of its event loop']),
    ...(isSeen.off ? [] : ['the time that its threads wait off the CPU']),
  ];
  const seen = 'neither stalls, nor locks, nor a lack of cores show';
  return unseen.length === 0 ? seen : `${seen} (not measured: ${unseen.join(' and ')})`;
}

/**
 * Stalls and contention are told apart by the clocks: while the loop works, it is late and on the CPU; while it waits for another
 * thread, it is late and off it.
 */
function causesOf(
  evidence: Evidence,
  p99Ns: number,
  findings: readonly Finding[],
  lines: EvidenceLine[],
): string[] {
  const isFound = (rule: RuleId): boolean =>
    findings.some((finding) => finding.rule === rule && finding.verdict === 'found');
  const ruleOf = (rule: RuleId): string => (isFound(rule) ? ` (\`${rule}\`)` : '');
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const timeline = 'timeline.ndjson, clean phase';
  const stalled = stalledShare(evidence, p99Ns);
  if (target?.eventLoopDelayNsMax != null) {
    lines.push(context('longest event-loop delay', target.eventLoopDelayNsMax / 1e6, 'ms', timeline));
  }
  const off = offCpuShare(evidence);
  const causes: string[] = [];
  const add = (
    share: number | null,
    limit: number,
    metric: string,
    source: string,
    cause: string,
  ): boolean => {
    if (share === null) return false;
    lines.push({ metric, value: share * 100, unit: '%', threshold: limit * 100, source });
    if (share >= limit) causes.push(cause);
    return share >= limit;
  };
  const waits = `threads that wait for each other${ruleOf('lock-contention')}`;
  const isWaiting = add(off?.share ?? null, NOTABLE_COST_SHARE, off?.metric ?? '', off?.source ?? '', waits);
  const delays = 'event-loop delays as long as half of the P99, share of the time';
  const isOffCpu = isWaiting && (off?.share ?? 0) >= STALL_CAUSE_SHARE * (stalled ?? 0);
  const stalls = isOffCpu
    ? `stalls of the event loop in which it waits and does not work${ruleOf('event-loop-stall')}`
    : `stalls of the event loop${ruleOf('event-loop-stall')}`;
  add(stalled, STALL_TIME_SHARE, delays, timeline, stalls);
  const sleeps = target?.voluntaryContextSwitchesPerRequest ?? null;
  if (sleeps !== null) lines.push(context('times asleep per request', sleeps, 'times', timeline));
  add(
    target?.runQueueDelayShare ?? null,
    NOTABLE_COST_SHARE,
    'waiting for a core',
    timeline,
    'waiting for a core that others had',
  );
  // A lock of a native program shows in its stacks, and outside there is no clock of the tracker's.
  if (!isWaiting && isFound('lock-contention'))
    causes.push('threads that wait for locks (`lock-contention`)');
  if (isFound('external-wait')) causes.push('waiting for something outside (`external-wait`)');
  return causes;
}

/** Delays of the loop long enough to make a P99 so long, as a share of the clean phase; null where the loop was not sampled. */
function stalledShare(evidence: Evidence, p99Ns: number): Share | null {
  const rows = runtimeRows(evidence, 'clean');
  const window = span(rows);
  if (window === null) return null;
  const long = rows
    .map((row) => row.eventLoopDelayNsMax)
    .filter((delayNs) => delayNs >= p99Ns * NOTABLE_TAIL_SHARE);
  return Math.min(1, long.reduce((sum, delayNs) => sum + delayNs, 0) / (window.elapsedMs * 1e6));
}

/** Time off the CPU that is no idling: of JavaScript by its two clocks, of goroutines by their delays. Null where nothing tells it. */
function offCpuShare(
  evidence: Evidence,
): { readonly share: Share; readonly metric: string; readonly source: string } | null {
  switch (targetRuntime(evidence)) {
    case 'node': {
      const cpu = cpuProfileOf(evidence);
      const off = cpu === null ? null : offCpu(cpu.profile);
      if (cpu === null || off === null) return null;
      return { share: off.share, metric: 'JavaScript off the CPU and not idle', source: cpu.record.file };
    }
    case 'go': {
      const delays = [heldDelay(evidence), waitedDelay(evidence)].filter((one) => one !== null);
      const [most] = delays.sort((a, b) => b.secondsPerSecond - a.secondsPerSecond);
      if (most === undefined) return null;
      const share = most.secondsPerSecond / usableCores(evidence);
      return { share, metric: 'goroutines waiting for locks, of the cores', source: most.source };
    }
    case 'native':
      return null;
  }
}
