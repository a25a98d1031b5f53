import type { Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { phaseFigures, settledRequests } from '../phase-figures.ts';
import { CRITICAL_LOST_SHARE, LOST_REQUEST_SHARE, worryLimits } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, percent } from './rule.ts';

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
  return {
    rule: 'receive-drops',
    verdict: 'found',
    severity: lost > CRITICAL_LOST_SHARE ? 'critical' : lost > worryLimits.errorShare ? 'warning' : 'info',
    confidence: 'high',
    share: failed === 0 ? null : Math.min(1, drops / failed),
    subject: null,
    summary: `The kernel dropped ${drops.toLocaleString('en-US')} requests (${percent(lost)}) before the tracker read them.`,
    evidence: lines,
    advice: adviceFor('receive-drops', evidence),
  };
}
