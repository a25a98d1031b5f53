/** What one run says of a tracker's cost: the input of the capacity model. Pure. */
import { LabError } from '../../errors.ts';
import { type Operation, operations } from '../../run.ts';
import type { Bytes, Share } from '../../units.ts';
import type { Evidence } from '../evidence.ts';
import { cpuBySecond, type SecondOfCpu } from '../over-seconds.ts';
import { phaseFigures } from '../phase-figures.ts';
import { phaseLoad } from '../series.ts';
import { usableCores } from '../used-capacity.ts';
import { invalidReason, measurementChecks } from '../validity.ts';

export interface CapacityPoint {
  readonly runId: string;
  readonly tracker: string;
  /** Threads that serve, each with a socket of its own; 1 where that is not known. */
  readonly workers: number;
  /** Cores that they can use. */
  readonly cores: number;
  /** CPU in use, of those cores. */
  readonly usedShare: Share;
  readonly requestsPerSecond: number;
  /** CPU time a reply, in microseconds. */
  readonly cpuMicros: number;
  readonly seconds: readonly SecondOfCpu[];
  /** Requests that were answered well, by kind; they add up to 1. */
  readonly mix: Readonly<Record<Operation, Share>>;
  /** SO_RCVBUF as the kernel gave it; null: not known. */
  readonly receiveBufferBytes: Bytes | null;
  /** Why the run is invalid; null: it is valid. */
  readonly invalid: string | null;
}

/** @throws LabError `NO_CAPACITY` where the run has no cost per request */
export function capacityPoint(evidence: Evidence): CapacityPoint {
  const { runId, target } = evidence.run;
  const clean = phaseFigures(evidence, 'clean');
  const load = phaseLoad(evidence, 'clean');
  const { cpuShare, cpuMicrosecondsPerRequest } = clean?.target ?? {};
  const requestsPerSecond = clean?.requestsPerSecond ?? 0;
  if (clean === null || load === null || requestsPerSecond === 0) {
    throw noCapacity(runId, 'nothing was answered in its clean phase', 'measure the tracker again');
  }
  if (cpuShare == null || cpuMicrosecondsPerRequest == null || cpuMicrosecondsPerRequest === 0) {
    throw noCapacity(
      runId,
      "the CPU time of the tracker's process was not measured",
      'name its process with --pid, or let the lab start it with --exec',
    );
  }
  const cores = usableCores(evidence);
  const answered = operations.reduce((sum, kind) => sum + load.operations[kind].succeeded, 0);
  const shareOf = (kind: Operation): Share => load.operations[kind].succeeded / answered;
  return {
    runId,
    tracker: target.version === null ? target.name : `${target.name} ${target.version}`,
    workers: target.workers ?? 1,
    cores,
    usedShare: cpuShare / cores,
    requestsPerSecond,
    cpuMicros: cpuMicrosecondsPerRequest,
    seconds: cpuBySecond(evidence, 'clean'),
    mix: { connect: shareOf('connect'), announce: shareOf('announce'), scrape: shareOf('scrape') },
    receiveBufferBytes: target.receiveBuffer?.givenBytes ?? null,
    invalid: invalidReason(measurementChecks(evidence)),
  };
}

function noCapacity(runId: string, reason: string, hint: string): LabError {
  return new LabError({
    code: 'NO_CAPACITY',
    message: `run ${runId} has no cost per request: ${reason}`,
    hint,
  });
}
