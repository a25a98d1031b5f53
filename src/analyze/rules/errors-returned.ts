import { operations } from '../../run.ts';
import { type ErrorKind, type ErrorMaker, errorKind, errorMaker } from '../error-kinds.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { type PhaseFigures, phaseFigures, settledRequests } from '../phase-figures.ts';
import { CRITICAL_LOST_SHARE, worryLimits } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/** How many texts of error replies are told as evidence. */
const TOLD_TEXTS = 5;

/** Does the tracker answer requests with errors, or with something that is no reply? */
export function errorsReturned(evidence: Evidence): Finding {
  const figures = phaseFigures(evidence, 'clean');
  if (figures === null || settledRequests(figures.requests) === 0) {
    return insufficientData('errors-returned', 'No request came to an end in the clean phase.');
  }
  const { failed, errorReplies, malformedReplies } = figures.requests;
  const wrong = errorReplies + malformedReplies;
  const share = wrong / settledRequests(figures.requests);
  const source = 'run.json, clean phase';
  const lines: EvidenceLine[] = [
    {
      metric: 'error and malformed replies, share of requests',
      value: share * 100,
      unit: '%',
      threshold: worryLimits.errorShare * 100,
      source,
    },
    { metric: 'malformed replies', value: malformedReplies, unit: 'replies', threshold: null, source },
    ...figures.errorTexts.slice(0, TOLD_TEXTS).map(({ text, count }) => ({
      metric: `error reply ${JSON.stringify(text)}`,
      value: count,
      unit: 'replies',
      threshold: null,
      source,
    })),
  ];
  if (share <= worryLimits.errorShare) {
    const told =
      wrong === 0 ? 'No request was' : `${wrong.toLocaleString('en-US')} requests (${percent(share)}) were`;
    return clear('errors-returned', `${told} answered by an error or a malformed reply.`, lines);
  }
  const most = figures.errorTexts[0];
  const kind = kindOf(figures);
  const maker = malformedReplies > errorReplies ? null : errorMaker(evidence, kind);
  lines.push(...operationLines(figures));
  if (maker !== null) {
    lines.push({
      metric: `${maker.subject.function} with what it calls`,
      value: maker.samples,
      unit: 'samples',
      threshold: null,
      source: maker.source,
    });
  }
  return {
    rule: 'errors-returned',
    verdict: 'found',
    severity: share > CRITICAL_LOST_SHARE ? 'critical' : 'warning',
    confidence: 'high',
    share: wrong / failed,
    subject: maker?.subject ?? null,
    summary: `${percent(share)} of the requests were answered by an error or a malformed reply${
      most === undefined ? '' : `, most by ${JSON.stringify(most.text)}${kind === null ? '' : ` (${kind})`}`
    }; ${blame(evidence, maker)}.`,
    evidence: lines,
    advice: adviceFor('errors-returned', evidence, kind),
  };
}

/** By the text of most error replies; replies that are none are a kind of their own. */
function kindOf({ requests, errorTexts }: PhaseFigures): ErrorKind | null {
  if (requests.malformedReplies > requests.errorReplies) return 'malformed';
  const [most] = errorTexts;
  return most === undefined ? null : errorKind(most.text);
}

function operationLines({ operations: byOperation }: PhaseFigures): EvidenceLine[] {
  return operations
    .map((operation) => ({
      metric: `of them, to ${operation} requests`,
      value: byOperation[operation].errorReplies + byOperation[operation].malformedReplies,
      unit: 'replies',
      threshold: null,
      source: 'run.json, clean phase',
    }))
    .filter(({ value }) => value > 0);
}

function blame(evidence: Evidence, maker: ErrorMaker | null): string {
  if (maker !== null) return `by its name, ${nameSubject(maker.subject)} ${maker.does} them`;
  return cpuProfileOf(evidence) === null
    ? 'who makes them cannot be told without a CPU profile'
    : 'a profile does not know which reply a function makes, and no name in it tells';
}
