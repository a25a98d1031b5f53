/**
 * The one verdict before all others: does the run say anything of the tracker? Pure.
 *
 * Four checks look at the run itself; where one of them fails the run is invalid and no rule speaks of the tracker. The
 * fifth looks at the run before it: another environment voids the comparison with earlier runs, not this run's figures.
 */
import { plural } from '../plural.ts';
import type { Evidence } from './evidence.ts';
import type { EvidenceLine } from './finding.ts';
import { generatorCpu } from './generator-cpu.ts';
import { littlesLaw } from './littles-law.ts';
import { isLoadHere, lostAgents } from './load-agents.ts';
import { machineLoad } from './machine-load.ts';
import { type OfferedLoad, offeredLoad } from './offered-load.ts';
import { phaseFigures } from './phase-figures.ts';
import type { HistoryRow } from './report/report-schema.ts';
import { generatorLimited, HELD_UP, isHeldUp } from './rules/generator-limited.ts';
import { percent } from './rules/rule.ts';
import { changedParts } from './same-environment.ts';
import {
  FOREIGN_CPU_SHARE,
  GENERATOR_CPU_SHARE,
  LITTLES_LAW_TOLERANCE,
  OFFERED_RATE_SHARE,
  SATURATED_CPU_SHARE,
} from './thresholds.ts';
import { wantedCapacity } from './used-capacity.ts';
import type { ValidityCheckName, ValidityVerdict } from './validity-names.ts';

export interface ValidityCheck {
  readonly check: ValidityCheckName;
  readonly verdict: ValidityVerdict;
  /** One sentence with the figures. */
  readonly reason: string;
  /** What failed, in a few words without a full stop; null unless `invalid`. */
  readonly failure: string | null;
  readonly evidence: readonly EvidenceLine[];
}

/** The checks that decide whether a run is valid. A check that could not be made does not make it invalid. */
export function measurementChecks(evidence: Evidence): readonly ValidityCheck[] {
  return [generator(evidence), loadComplete(evidence), offeredRate(evidence), foreignLoad(evidence)];
}

/** Whether none of the checks failed. */
export function isValid(checks: readonly Pick<ValidityCheck, 'verdict'>[]): boolean {
  return checks.every((check) => check.verdict !== 'invalid');
}

/** What failed, in a few words without a full stop; null of a valid run. */
export function invalidReason(checks: readonly Pick<ValidityCheck, 'failure'>[]): string | null {
  const failed = checks.map(({ failure }) => failure).filter((failure) => failure !== null);
  return failed.length === 0 ? null : failed.join(', and ');
}

/** @param before - the last comparable run; absent: there is none */
export function environmentCheck(evidence: Evidence, before: HistoryRow | undefined): ValidityCheck {
  const told = (verdict: ValidityVerdict, reason: string): ValidityCheck => {
    return { check: 'environment', verdict, reason, failure: null, evidence: [] };
  };
  if (before === undefined) return told('ok', 'There is no earlier run to compare with.');
  const changed = changedParts(evidence.run.environment, before.environment);
  const when = `the run of ${before.startedAt.slice(0, 10)}`;
  if (changed === null) {
    return told('not measured', `The environment of ${when}, the last comparable one, is not on record.`);
  }
  if (changed.length === 0) return told('ok', `The same as in ${when}, the last comparable one.`);
  const parts = changed.map((part) => `${part.name} is ${part.now}, was ${part.before}`).join('; ');
  return told(
    'changed',
    `Since ${when}: ${parts}. This run's own figures hold; a comparison with the runs before it does not.`,
  );
}

function generator(evidence: Evidence): ValidityCheck {
  const finding = generatorLimited(evidence);
  const verdicts = { found: 'invalid', clear: 'ok', 'insufficient-data': 'not measured' } as const;
  return {
    check: 'generator-limited',
    verdict: verdicts[finding.verdict],
    reason: `${finding.summary}${sharedCores(evidence)}`,
    failure:
      finding.verdict === 'found'
        ? isHeldUp(evidence)
          ? HELD_UP
          : 'the load generator was the limit'
        : null,
    evidence: finding.evidence,
  };
}

/** What the figures stand for where tracker and generator had not enough cores for both; empty where they had. */
function sharedCores({ run }: Evidence): string {
  const { environment, target, scenario } = run;
  const workers = target.workers ?? 1;
  const threads = workers + scenario.loadThreads;
  if (
    !isLoadHere(run) ||
    target.kind === 'address' ||
    environment.pinning !== null ||
    threads <= environment.cpuCount
  )
    return '';
  const cores = environment.cpuCount === 1 ? 'the only core' : `${environment.cpuCount} cores`;
  return ` ${plural(workers, 'worker')} of the tracker and ${plural(scenario.loadThreads, 'load thread')} shared ${cores}: throughput and latency are those of both together and no measure of the tracker alone, its CPU per request is its own.`;
}

/**
 * A worker that waits for a timeout fails once in its whole length, so that the success share hides it. In a closed loop
 * mean latency times throughput is the number of workers that were at work.
 */
function stuckWorkers(evidence: Evidence): ValidityCheck | null {
  const law = littlesLaw(evidence);
  const clean = phaseFigures(evidence, 'clean');
  // In a shorter phase those that wait may have sent before it.
  if (law === null || clean === null || clean.durationMs < 2 * evidence.run.scenario.timeoutMs) return null;
  if (law.ratio >= 1 - LITTLES_LAW_TOLERANCE) return null;
  const atWork = Math.round(law.concurrency * law.ratio);
  const failure = `only about ${atWork} of ${law.concurrency} workers were at work`;
  return {
    check: 'load-complete',
    verdict: 'invalid',
    reason: `By mean latency and throughput ${failure}; the others waited for timeouts, for example because the tracker limits connects.`,
    failure,
    evidence: [],
  };
}

function loadComplete(evidence: Evidence): ValidityCheck {
  const { run } = evidence;
  const lost = run.lostClientShare;
  const isLost = lost > 0;
  const stuck = isLost ? null : stuckWorkers(evidence);
  if (stuck !== null) return stuck;
  const gone = lostAgents(run);
  if (gone.length > 0) {
    const failure = `${gone.length} of ${plural(run.agents?.members.length ?? 0, 'load agent')} ${gone.length === 1 ? 'was' : 'were'} lost with ${percent(lost)} of the clients`;
    const causes = gone.map((agent) => `${agent.name}: ${agent.lost?.reason}`).join('; ');
    return {
      check: 'load-complete',
      verdict: 'invalid',
      reason: `${failure}; what they counted is in no figure (${causes}).`,
      failure,
      evidence: [],
    };
  }
  return {
    check: 'load-complete',
    verdict: isLost ? 'invalid' : 'ok',
    reason: isLost
      ? `Load threads died with ${percent(lost)} of the clients; what they counted is in no figure.`
      : 'Every load thread reported what it counted.',
    failure: isLost ? `load threads died with ${percent(lost)} of the clients` : null,
    evidence: [],
  };
}

function offeredRate(evidence: Evidence): ValidityCheck {
  const { ratePerSecond } = evidence.run.scenario;
  const check = 'offered-rate';
  if (ratePerSecond === 0) {
    return {
      check,
      verdict: 'ok',
      reason: 'No rate was asked for: a closed loop sends with each reply.',
      failure: null,
      evidence: [],
    };
  }
  const offered = offeredLoad(evidence);
  if (offered === null) {
    return {
      check,
      verdict: 'not measured',
      reason: 'There was no clean phase.',
      failure: null,
      evidence: [],
    };
  }
  const achieved = offered.sentPerSecond;
  const line = (metric: string, value: number, threshold: number | null): EvidenceLine => {
    return { metric, value, unit: 'req/s', threshold, source: 'run.json, clean phase' };
  };
  const told = `${perSecond(achieved)} of ${perSecond(ratePerSecond)} requests a second were sent (${percent(achieved / ratePerSecond)})`;
  const isShort = offered.isShort;
  return {
    check,
    verdict: isShort ? 'invalid' : 'ok',
    reason: isShort
      ? `${told}${neverSent(offered)}: ${whyShort(evidence)}. The tracker was not under the load that was asked for.`
      : `${told}, as asked for.${fullTracker(evidence)}`,
    failure: isShort ? 'the load that was asked for was not offered' : null,
    evidence: [
      line('requests sent', achieved, OFFERED_RATE_SHARE * ratePerSecond),
      line('requests asked for', ratePerSecond, null),
    ],
  };
}

function neverSent({ notSent }: OfferedLoad): string {
  return notSent === null || notSent === 0
    ? ''
    : `, ${notSent.toLocaleString('en-US')} that were due never were`;
}

/** Who kept the generator from sending. In open loop that is no reply that it waits for, but CPU. */
function whyShort(evidence: Evidence): string {
  const cpu = generatorCpu(evidence);
  if (cpu !== null && cpu.share > GENERATOR_CPU_SHARE) {
    return `the generator's ${cpu.isShared && (cpu.cores ?? 1) > 1 ? 'cores are' : 'core is'} full (${percent(cpu.share)})`;
  }
  const { run } = evidence;
  const sharesCores = isLoadHere(run) && run.environment.pinning === null && run.target.network === 'local';
  const trackerShare = wantedCapacity(evidence);
  if (sharesCores && trackerShare !== null && trackerShare >= SATURATED_CPU_SHARE) {
    return `the tracker is full (${percent(trackerShare)} of its CPU) and has the cores that the generator shares with it`;
  }
  if (cpu === null) return "why is not known, since the generator's CPU was not measured";
  return `the generator's CPU was not full (${percent(cpu.share)}), other work held it up`;
}

/** A remark where all was sent and the tracker had no CPU left to answer it: that is the tracker's limit, and a valid run. */
function fullTracker(evidence: Evidence): string {
  const served = phaseFigures(evidence, 'clean')?.servedShare ?? null;
  const trackerShare = wantedCapacity(evidence);
  if (served === null || served >= OFFERED_RATE_SHARE) return '';
  if (trackerShare === null || trackerShare < SATURATED_CPU_SHARE) {
    return ` ${percent(served)} of them were served.`;
  }
  return ` ${percent(served)} of them were served: the tracker is full (${percent(trackerShare)} of its CPU).`;
}

function foreignLoad(evidence: Evidence): ValidityCheck {
  const load = machineLoad(evidence);
  const check = 'foreign-load';
  if (typeof load === 'string') {
    return { check, verdict: 'not measured', reason: `Not checked: ${load}.`, failure: null, evidence: [] };
  }
  const limit = FOREIGN_CPU_SHARE * evidence.run.environment.cpuCount;
  const line = (metric: string, value: number, threshold: number | null): EvidenceLine => {
    return { metric, value, unit: 'cores', threshold, source: 'timeline.ndjson, clean phase' };
  };
  const isTaken = load.takenCoresP75 > limit;
  const told = `Other processes took ${load.foreignCoresMedian.toFixed(2)} cores and the hypervisor ${load.stolenCoresMedian.toFixed(2)} in the median of ${load.windows} seconds`;
  return {
    check,
    verdict: isTaken ? 'invalid' : 'ok',
    reason: isTaken
      ? `${told}, more than ${limit.toFixed(2)} of ${evidence.run.environment.cpuCount} cores: the tracker did not have the machine that the figures are for.`
      : `${told}.`,
    failure: isTaken ? 'others took CPU of this machine' : null,
    evidence: [
      line('taken by others, upper quartile of the seconds', load.takenCoresP75, limit),
      line('other processes, median second', load.foreignCoresMedian, null),
      line('other processes, worst second', load.foreignCoresMax, null),
      line('hypervisor, median second', load.stolenCoresMedian, null),
      line('hypervisor, worst second', load.stolenCoresMax, null),
    ],
  };
}

function perSecond(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
