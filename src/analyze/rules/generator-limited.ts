import type { Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { generatorCpu } from '../generator-cpu.ts';
import { offeredLoad } from '../offered-load.ts';
import { phaseLoad } from '../series.ts';
import {
  GENERATOR_CPU_SHARE,
  GENERATOR_LAG_NS,
  HELD_UP_CPU_SHARE,
  SATURATED_CPU_SHARE,
} from '../thresholds.ts';
import { wantedCapacity } from '../used-capacity.ts';
import { adviceFor } from './advice.ts';
import { ownCores } from './own-cores.ts';
import { clear, insufficientData, percent } from './rule.ts';

/** What failed in a run whose generator was late with CPU left. */
export const HELD_UP = 'the load generator was held up by other work on its cores';

function heldUpAdvice(evidence: Evidence): readonly string[] {
  return [
    'See what else ran on the cores of the load threads (`top`, `pidstat 1`), and measure again when it is gone.',
    ownCores(evidence),
  ];
}

/** Whether the generator was late although none of its threads was busy: others had its cores. */
export function isHeldUp(evidence: Evidence): boolean {
  const threads = phaseLoad(evidence, 'clean')?.threads ?? [];
  const cpu = generatorCpu(evidence);
  const isLate = threads.some((thread) => thread.sendLagNsP99 > GENERATOR_LAG_NS) || isSilent(evidence);
  return isLate && cpu?.isWhole === true && cpu.share < HELD_UP_CPU_SHARE;
}

/** Open loop in which requests were due and none was sent: then no send was late either. */
function isSilent(evidence: Evidence): boolean {
  const offered = offeredLoad(evidence);
  return offered?.isShort === true && offered.sent === 0;
}

/**
 * Did the load generator measure itself? If so the run is invalid and nothing is said of the tracker.
 *
 * A generator that is late always does. One that is busy does unless the tracker has used up its own CPU: then the tracker
 * is the limit, and the generator's queue can only have made its latency look worse.
 */
export function generatorLimited(evidence: Evidence): Finding {
  const threads = phaseLoad(evidence, 'clean')?.threads ?? [];
  if (threads.length === 0) {
    return insufficientData(
      'generator-limited',
      "The generator's own threads were not sampled in the clean phase.",
    );
  }
  const cpu = generatorCpu(evidence);
  const lagNs = Math.max(...threads.map((thread) => thread.sendLagNsP99));
  const source = 'run.json, clean phase';
  const lines: EvidenceLine[] = [
    {
      metric: 'send delay P99 of the slowest load thread',
      value: lagNs / 1e6,
      unit: 'ms',
      threshold: GENERATOR_LAG_NS / 1e6,
      source,
    },
  ];
  if (cpu !== null) {
    lines.unshift({
      metric: cpu.isShared
        ? 'CPU of all load threads, share of the cores that they share'
        : 'CPU of the busiest load thread, share of a core',
      value: cpu.share * 100,
      unit: '%',
      threshold: GENERATOR_CPU_SHARE * 100,
      source,
    });
  }
  const delay = isSilent(evidence) ? 'nothing was sent' : `send delay P99 ${(lagNs / 1e6).toFixed(2)} ms`;
  const told = `${cpuWords(cpu)}, ${delay}`;
  const trackerShare = wantedCapacity(evidence);
  if (trackerShare !== null) {
    lines.push({
      metric: "tracker's CPU, used or waited for, share of what its threads can use",
      value: trackerShare * 100,
      unit: '%',
      threshold: SATURATED_CPU_SHARE * 100,
      source: 'timeline.ndjson, clean phase',
    });
  }
  const isBusy = (cpu?.share ?? 0) > GENERATOR_CPU_SHARE;
  const isSaturated = (trackerShare ?? 0) >= SATURATED_CPU_SHARE;
  // In open loop no tracker holds a send back.
  const isShort = offeredLoad(evidence)?.isShort ?? false;
  if ((isBusy && (!isSaturated || isShort)) || lagNs > GENERATOR_LAG_NS || isSilent(evidence)) {
    const heldUp = isHeldUp(evidence);
    return {
      rule: 'generator-limited',
      verdict: 'found',
      severity: 'critical',
      confidence: 'high',
      share: null,
      subject: null,
      summary: heldUp
        ? `${told}: with so much CPU left it was held up by other work on its cores (or by its host) and is not the limit itself; the load was late all the same, so this run says nothing of the tracker.`
        : `${told}: the generator is the limit, so this run says nothing of the tracker's limit.`,
      evidence: lines,
      advice: heldUp ? heldUpAdvice(evidence) : adviceFor('generator-limited', evidence),
    };
  }
  const verdict = isBusy
    ? `it was busy, but the tracker had used up its CPU (${percent(trackerShare ?? 0)}) and is the limit; latencies hold the generator's queue too and are upper bounds`
    : 'the generator kept up';
  return clear('generator-limited', `${told}: ${verdict}.`, lines);
}

function cpuWords(cpu: ReturnType<typeof generatorCpu>): string {
  if (cpu === null) return 'The busiest load thread: CPU not known';
  if (!cpu.isShared) return `The busiest load thread: ${percent(cpu.share)} of a core`;
  const cores = cpu.cores === 1 ? 'the core' : `the ${cpu.cores} cores`;
  return `The load threads together: ${percent(cpu.share)} of ${cores} that they share`;
}
