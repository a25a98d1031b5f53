import type { Share } from '../../units.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { blockingHolder, type Holder, timerHolder, workHolder } from '../held-thread.ts';
import { phaseFigures, settledRequests } from '../phase-figures.ts';
import {
  BUSY_CPU_SHARE,
  CRITICAL_LOST_SHARE,
  LOST_REQUEST_SHARE,
  STALL_CAUSE_SHARE,
  worryLimits,
} from '../thresholds.ts';
import { wantedCapacity } from '../used-capacity.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { tooFewSamples } from './share-confidence.ts';

/** Does the kernel drop requests because the tracker does not empty its socket in time? */
export function receiveDrops(evidence: Evidence): Finding {
  const figures = phaseFigures(evidence, 'clean');
  const drops = figures?.target.socketDrops ?? null;
  if (figures === null || drops === null) {
    return insufficientData('receive-drops', "The drops at the tracker's sockets are not known.");
  }
  const { failed } = figures.requests;
  const settled = settledRequests(figures.requests);
  if (settled === 0) {
    return insufficientData('receive-drops', 'No request came to an end in the clean phase.');
  }
  const lost = drops / settled;
  const source = 'timeline.ndjson, clean phase';
  const lines: EvidenceLine[] = [
    {
      metric: "datagrams dropped at the tracker's sockets",
      value: drops,
      unit: 'datagrams',
      threshold: null,
      source,
    },
    {
      metric: 'dropped, share of requests',
      value: lost * 100,
      unit: '%',
      threshold: LOST_REQUEST_SHARE * 100,
      source,
    },
  ];
  const buffer = evidence.run.target.receiveBuffer;
  if (buffer !== null) {
    lines.push({
      metric: 'receive buffer given',
      value: buffer.givenBytes,
      unit: 'bytes',
      threshold: null,
      source: 'run.json',
    });
  }
  if (lost < LOST_REQUEST_SHARE) {
    const none = 'The kernel dropped no request at the tracker’s sockets.';
    const few = `The kernel dropped ${drops} requests (${(lost * 100).toFixed(3)} %) at the tracker’s sockets.`;
    return clear('receive-drops', drops === 0 ? none : few, lines);
  }
  const blame = blameOf(evidence, lost);
  lines.push(...blame.lines);
  return {
    rule: 'receive-drops',
    verdict: 'found',
    severity: lost > CRITICAL_LOST_SHARE ? 'critical' : lost > worryLimits.errorShare ? 'warning' : 'info',
    confidence: 'high',
    share: failed === 0 ? null : Math.min(1, drops / failed),
    subject: blame.holder?.subject ?? null,
    summary: `The kernel dropped ${drops.toLocaleString('en-US')} requests (${percent(lost)}) before the tracker read them; ${blame.told}.`,
    evidence: lines,
    advice: adviceFor('receive-drops', evidence, blame.kind),
  };
}

type DropKind = 'CPU' | 'held up';

interface Blame {
  readonly holder: Holder | null;
  readonly kind: DropKind | null;
  /** A part of a sentence. */
  readonly told: string;
  readonly lines: readonly EvidenceLine[];
}

/** Whether one function's hold of the thread is why requests were dropped: what it takes of the CPU is then told with them. */
export function isDroppedByHold(evidence: Evidence): boolean {
  const figures = phaseFigures(evidence, 'clean');
  const drops = figures?.target.socketDrops ?? null;
  if (figures === null || drops === null || settledRequests(figures.requests) === 0) return false;
  return blameOf(evidence, drops / settledRequests(figures.requests)).kind === 'held up';
}

/**
 * What kept the tracker from its socket. Requests come evenly, so that what a function holds the thread for cannot cost a greater part of
 * them than it has of the time: one that has less than half of what was lost is not the cause. Work that timers start and synchronous
 * calls stand between requests; where CPU is used up it is the costliest function.
 *
 * @param lost - dropped, as a share of the requests
 */
function blameOf(evidence: Evidence, lost: Share): Blame {
  const capacity = wantedCapacity(evidence);
  const isBusy = capacity !== null && capacity >= BUSY_CPU_SHARE;
  const lines: EvidenceLine[] =
    capacity === null
      ? []
      : [
          {
            metric: "tracker's CPU, used or waited for, share of what its threads can use",
            value: capacity * 100,
            unit: '%',
            threshold: BUSY_CPU_SHARE * 100,
            source: 'timeline.ndjson, clean phase',
          },
        ];
  const kind = isBusy ? 'CPU' : null;
  const used = isBusy ? `the tracker has no CPU left (${percent(capacity)})` : 'it had CPU left';
  const cpu = cpuProfileOf(evidence);
  if (cpu === null || tooFewSamples(cpu) !== null) {
    const why = cpu === null ? 'there is no CPU profile' : 'the CPU profile holds too few samples';
    return { holder: null, kind, told: `${used}, and ${why} to tell what kept it from reading`, lines };
  }
  const holder = [timerHolder(evidence), blockingHolder(evidence), isBusy ? workHolder(evidence) : null].find(
    (one) => one !== null && one.timeShare >= lost * STALL_CAUSE_SHARE,
  );
  if (holder === undefined || holder === null) {
    const why =
      'no function of the CPU profile holds the thread for half as long as requests were lost (waiting without CPU is not in it)';
    return { holder: null, kind, told: `${used}, and ${why}`, lines };
  }
  const does =
    holder.kind === 'work'
      ? `takes most of it besides datagrams, ${percent(holder.share)}`
      : holder.kind === 'timer'
        ? `holds the thread for ${percent(holder.timeShare)} of the time, started by a timer`
        : `holds the thread for ${percent(holder.timeShare)} of the time in synchronous calls`;
  return {
    holder,
    kind: holder.kind === 'work' ? 'CPU' : 'held up',
    told: `${used}; ${nameSubject(holder.subject)} ${does}`,
    lines: [...lines, holder.line],
  };
}
