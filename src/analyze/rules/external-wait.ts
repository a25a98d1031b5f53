import { type Evidence, profileOf } from '../evidence.ts';
import { type OutsideCaller, outsideCaller } from '../external-frames.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import {
  BUSY_CPU_SHARE,
  CRITICAL_WAIT_NS,
  LEAST_PROFILE_SAMPLES,
  LEAST_TIMED_REQUESTS,
  NOTABLE_WAIT_NS,
  NOTABLE_WAIT_SHARE,
  TURN_TAKING_CPU_SHARE,
} from '../thresholds.ts';
import { type WaitFigures, waitFigures } from '../waiting.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/** What the caller's evidence amounts to as a count of samples. */
const isCertain = ({ unit, value }: OutsideCaller): boolean =>
  unit !== 'samples' || value >= LEAST_PROFILE_SAMPLES;

/**
 * Does a request wait for something outside of the tracker (DNS, HTTP, a database, a sleep, a file)? It does where latency
 * is far above the service time that its CPU and the queue in front of it explain, while CPU is left, and no closed loop
 * keeps tracker and generator busy in turns. Whether it is a lock that it waits for is another rule's answer.
 */
export function externalWait(evidence: Evidence): Finding {
  if (evidence.run.target.network === 'remote') {
    return insufficientData(
      'external-wait',
      'The tracker is remote: the way to it is part of every latency.',
    );
  }
  const wait = waitFigures(evidence);
  if (wait === null) {
    return insufficientData(
      'external-wait',
      "It needs replies and samples of the tracker's CPU in the clean phase.",
    );
  }
  const lines = waitLines(evidence, wait);
  if (wait.replies < LEAST_TIMED_REQUESTS) {
    return insufficientData(
      'external-wait',
      `${wait.replies} replies came in the clean phase, and ${LEAST_TIMED_REQUESTS} are needed to tell the CPU time of one.`,
      lines,
    );
  }
  const typical = `a ${wait.isMedian ? 'median' : 'mean'} request takes ${ms(wait.latencyNs)}, of which ${explaining(wait)} explain ${ms(Math.min(wait.expectedNs, wait.latencyNs))}`;
  const told = typical.charAt(0).toUpperCase() + typical.slice(1);
  if (wait.capacityShare >= BUSY_CPU_SHARE) {
    return clear(
      'external-wait',
      `The tracker's CPU is used or waited for to ${percent(wait.capacityShare)}: what requests wait for is its own work.`,
      lines,
    );
  }
  if (wait.waitNs < NOTABLE_WAIT_NS || wait.waitShare < NOTABLE_WAIT_SHARE) {
    return clear('external-wait', `${told}.`, lines);
  }
  if (wait.loopCpuShare !== null && wait.loopCpuShare >= TURN_TAKING_CPU_SHARE) {
    return clear(
      'external-wait',
      `${told}; but tracker and generator are at work for ${percent(wait.loopCpuShare)} of a core together: in a closed loop they wait for each other.`,
      lines,
    );
  }
  const caller = outsideCaller(evidence);
  if (caller !== null) {
    lines.push({
      metric: `${caller.subject.function}, waiting for ${caller.name}`,
      value: caller.value,
      unit: caller.unit,
      threshold: null,
      source: caller.source,
    });
  }
  const blame =
    caller === null
      ? '; no stack tells for what'
      : `; ${nameSubject(caller.subject)} waits for ${caller.name}`;
  return {
    rule: 'external-wait',
    verdict: 'found',
    severity: wait.waitNs >= CRITICAL_WAIT_NS ? 'critical' : 'warning',
    confidence: caller === null ? 'low' : isCertain(caller) ? 'high' : 'medium',
    share: wait.waitShare,
    subject: caller?.subject ?? null,
    summary: `${told}, while ${percent(1 - wait.capacityShare)} of its CPU is left: requests wait${blame}.`,
    evidence: lines,
    advice: adviceFor('external-wait', evidence, caller?.name ?? null),
  };
}

function waitLines(evidence: Evidence, wait: WaitFigures): EvidenceLine[] {
  const lines: EvidenceLine[] = [];
  const timeline = 'timeline.ndjson, clean phase';
  const add = (
    metric: string,
    value: number | null | undefined,
    unit: string,
    source: string,
    threshold: number | null = null,
  ): void => {
    if (value !== null && value !== undefined) lines.push({ metric, value, unit, threshold, source });
  };
  const latency = wait.isMedian ? 'median latency' : 'mean latency';
  add(
    'latency beyond service and queue',
    wait.waitNs / 1e6,
    'ms',
    'histograms and timeline, clean phase',
    NOTABLE_WAIT_NS / 1e6,
  );
  add(
    'that, share of the latency',
    wait.waitShare * 100,
    '%',
    'histograms and timeline, clean phase',
    NOTABLE_WAIT_SHARE * 100,
  );
  add(latency, wait.latencyNs / 1e6, 'ms', 'histograms, clean phase');
  add('of that, stalls of the event loop', wait.stallNs > 0 ? wait.stallNs / 1e6 : null, 'ms', timeline);
  add('CPU time per request (service time)', wait.serviceNs / 1e3, 'µs', timeline);
  add(
    "tracker's CPU, used or waited for, share of what its threads can use",
    wait.capacityShare * 100,
    '%',
    timeline,
    BUSY_CPU_SHARE * 100,
  );
  add(
    "requests waiting at any moment, by Little's law",
    wait.waitingRequests,
    'requests',
    'histograms and run.json, clean phase',
  );
  if (wait.loopCpuShare !== null) {
    add(
      'tracker and busiest load thread together, share of a core',
      wait.loopCpuShare * 100,
      '%',
      'timeline.ndjson and run.json, clean phase',
      TURN_TAKING_CPU_SHARE * 100,
    );
  }
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const busy = target?.eventLoopUtilizationMean;
  add(
    'event loop, share of time at work or blocked',
    busy === null || busy === undefined ? null : busy * 100,
    '%',
    timeline,
  );
  add('threads asleep, mean', target?.threadStates?.asleep, 'threads', timeline);
  const goroutines = profileOf(evidence, 'goroutine');
  if (goroutines !== null) {
    const sum = goroutines.profile.values[goroutines.profile.defaultValueIndex]?.reduce((a, b) => a + b, 0);
    add('goroutines in all', sum, 'goroutines', goroutines.record.file);
  }
  return lines;
}

function explaining({ stallNs }: WaitFigures): string {
  return stallNs > 0
    ? "the tracker's CPU, the queue before it and the stalls of its event loop"
    : "the tracker's CPU and the queue before it";
}

function ms(valueNs: number): string {
  return `${(valueNs / 1e6).toPrecision(3)} ms`;
}
