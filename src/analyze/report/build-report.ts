/** Turns evidence into the one model that every form of the report is printed from. Pure. */
import type { ProfileKind } from '../../run.ts';
import { crashOf } from '../crash.ts';
import type { Evidence } from '../evidence.ts';
import { comparableRows, type History, historyRow } from '../history.ts';
import { littlesLaw } from '../littles-law.ts';
import { maxLatencyWhen } from '../max-latency.ts';
import { memberFigures } from '../member-figures.ts';
import { memoryTrend, rssFigures, runtimeMemory } from '../memory-series.ts';
import { overSeconds, withinNoise } from '../over-seconds.ts';
import { findPatterns } from '../patterns/find-patterns.ts';
import { type PhaseFigures, phaseFigures } from '../phase-figures.ts';
import { judge } from '../rules/judge.ts';
import { isOtherEnvironment } from '../same-environment.ts';
import { phaseLoad } from '../series.ts';
import { whenSlow } from '../slow/when-slow.ts';
import { type TargetRuntime, targetRuntime } from '../target-runtime.ts';
import { figureChanges } from '../trend/history-groups.ts';
import { changeText } from '../trend/history-text.ts';
import { usedCapacity } from '../used-capacity.ts';
import { environmentCheck, invalidReason, isValid, measurementChecks } from '../validity.ts';
import { assessScaling } from './comparison.ts';
import { assessDeployments, assessOptimization, assessWorries } from './quick-reference.ts';
import { REPORT_SCHEMA_VERSION, type Report, type ScenarioFigures } from './report-schema.ts';
import { statusesOf } from './statuses.ts';
import { suiteScaling } from './suite-scaling.ts';
import { memberCpuTops, profileOfTop, topPairs } from './top-pair.ts';
import { assessTrends } from './trends.ts';

export interface ReportContext {
  readonly history: History;
  /** The runs of the same suite in order of concurrency, this one among them; only this one where there is no suite. */
  readonly runs: readonly ScenarioFigures[];
}

/** Rows of the historical table. */
const SHOWN_EARLIER_RUNS = 9;

/** Everything that the report says of one run. */
export function buildReport(evidence: Evidence, context: ReportContext): Report {
  const { run } = evidence;
  const clean = phaseFigures(evidence, 'clean');
  const profiled = phaseFigures(evidence, 'profiled');
  const rss = rssFigures(evidence);
  const trend = memoryTrend(evidence);
  const findings = judge(evidence);
  const measured = measurementChecks(evidence);
  const valid = isValid(measured);
  const cpuCapacityShare = usedCapacity(evidence);
  const law = littlesLaw(evidence);
  const withoutHistory = {
    schemaVersion: REPORT_SCHEMA_VERSION,
    runId: run.runId,
    suiteId: run.suiteId,
    startedAt: run.startedAt,
    partial: run.partial,
    valid,
    environment: run.environment,
    target: run.target,
    targetExit: run.targetExit,
    scenario: run.scenario,
    settingSources: run.settingSources,
    phases: { warmUp: phaseFigures(evidence, 'warm-up'), clean, profiled },
    overSeconds: overSeconds(evidence, 'clean'),
    maxLatencyWhen: maxLatencyWhen(evidence),
    generator: { threads: phaseLoad(evidence, 'clean')?.threads ?? [] },
    statuses: statusesOf({
      clean,
      network: run.target.network,
      rss,
      continuousGrowth: trend?.continuous === true,
      ratePerSecond: run.scenario.ratePerSecond,
      invalid: invalidReason(measured),
      crash: crashOf(run),
    }),
    memory: { rss, trend, runtime: runtimeMemory(evidence) },
    littlesLaw: law,
    cpuCapacityShare,
    profilerCost: profilerCost(evidence, clean, profiled),
    top: topPairs(evidence),
    missingProfiles: run.missingProfiles,
    whenSlow: whenSlow(evidence),
    findings,
    patterns: findPatterns(evidence, context.runs, findings),
    comparison: {
      runs: context.runs,
      scaling: assessScaling(context.runs, run.scenario.ratePerSecond > 0),
      law: context.runs.length < 2 ? null : suiteScaling(context.runs),
    },
    trackerCounters: run.trackerCounters,
    agents: run.agents,
    members: membersOf(evidence),
    clinic: run.clinic,
    notes: notesOf(evidence),
  } as const;
  const row = historyRow(withoutHistory);
  const earlier = comparableRows(context.history, row);
  const reference = {
    evidence,
    clean,
    invalid: invalidReason(measured),
    cpuCapacityShare,
    trend,
    law,
    runs: context.runs,
    earlier: earlier.filter((one) => one.valid && !one.partial && !isOtherEnvironment(row, one)),
  };
  const changes = figureChanges([...reference.earlier, ...(row.valid && !row.partial ? [row] : [])]);
  return {
    ...withoutHistory,
    validity: { valid, checks: [...measured, environmentCheck(evidence, earlier.at(-1))] },
    history: {
      rows: [...earlier.slice(-SHOWN_EARLIER_RUNS), row],
      brokenLines: context.history.brokenLines,
      trends: assessTrends(
        row,
        earlier.filter((one) => one.valid && !one.partial && !isOtherEnvironment(row, one)),
        trend,
      ),
      changes: changes.map(changeText),
      changedRuns: [...new Set(changes.map(({ runId }) => runId))],
    },
    quickReference: {
      deployments: assessDeployments(reference),
      worry: assessWorries(reference),
      optimize: assessOptimization(reference),
    },
    notMeasured: notMeasured(evidence, withoutHistory),
  };
}

function membersOf(evidence: Evidence): Report['members'] {
  const tops = memberCpuTops(evidence);
  return memberFigures(evidence).map((figures, index) => ({
    ...figures,
    cpuTop: tops[index] ?? null,
    missingProfiles: evidence.run.members[index]?.missingProfiles ?? [],
  }));
}

function profilerCost(
  evidence: Evidence,
  clean: PhaseFigures | null,
  profiled: PhaseFigures | null,
): Report['profilerCost'] {
  const before = clean?.requestsPerSecond ?? null;
  const under = profiled?.requestsPerSecond ?? null;
  if (clean === null || profiled === null || before === null || under === null || before === 0) return null;
  const cpuBefore = clean.target.cpuMicrosecondsPerRequest;
  const cpuUnder = profiled.target.cpuMicrosecondsPerRequest;
  return {
    cleanRequestsPerSecond: before,
    profiledRequestsPerSecond: under,
    requestsPerSecondChangeShare: under / before - 1,
    cleanCpuMicrosecondsPerRequest: cpuBefore,
    profiledCpuMicrosecondsPerRequest: cpuUnder,
    cpuPerRequestChangeShare:
      cpuBefore === null || cpuUnder === null || cpuBefore === 0 ? null : cpuUnder / cpuBefore - 1,
    withinNoise: withinNoise(evidence),
  };
}

function notesOf(evidence: Evidence): string[] {
  const notes = [...evidence.run.notes];
  if (evidence.brokenTimelineLines > 0) {
    notes.push(
      `${evidence.brokenTimelineLines} lines of timeline.ndjson could not be read and are left out.`,
    );
  }
  return notes;
}

/** Figures that are null, and why. The first phase that is missing explains all of its own. */
function notMeasured(
  evidence: Evidence,
  report: Pick<Report, 'phases' | 'memory' | 'littlesLaw' | 'profilerCost' | 'cpuCapacityShare' | 'top'>,
): Report['notMeasured'] {
  const missing: { figure: string; reason: string }[] = [];
  const add = (figure: string, value: unknown, reason: string): void => {
    if (value === null) missing.push({ figure, reason });
  };
  const { run } = evidence;
  const ended =
    run.partial === null
      ? 'this phase was not part of the run'
      : `the run was cut short: ${run.partial.reason}`;
  const unsampled =
    run.target.pid === null ? "the tracker's process is not known to the lab" : 'no sample was taken';
  const runtime = targetRuntime(evidence);
  const noRuntime =
    run.target.kind === 'address'
      ? 'the tracker was not started by the lab'
      : runtime === 'node'
        ? 'no sample was taken'
        : 'it is read inside a Node.js process, and this tracker is none';
  add('phases.warmUp', report.phases.warmUp, ended);
  add('phases.clean', report.phases.clean, ended);
  add(
    'phases.profiled',
    report.phases.profiled,
    run.scenario.profileDurationMs === 0
      ? 'no profile was asked for'
      : run.partial === null
        ? unprofiled(evidence)
        : ended,
  );
  add('memory.rss', report.memory.rss, unsampled);
  add('memory.trend', report.memory.trend, 'the clean phase is under 10 s, or the process was not sampled');
  add('memory.runtime', report.memory.runtime, noRuntime);
  add('cpuCapacityShare', report.cpuCapacityShare, unsampled);
  const isOpen = run.scenario.ratePerSecond > 0;
  add(
    'littlesLaw',
    report.littlesLaw,
    isOpen ? 'it binds closed loops; this run is an open one' : 'nothing was answered',
  );
  add('profilerCost', report.profilerCost, 'it needs both a clean and a profiled phase with replies');
  for (const [name, kind] of Object.entries(profileOfTop)) {
    const reason = run.missingProfiles.find((one) => one.kind === kind)?.reason ?? unasked(kind, runtime);
    add(`top.${name}`, report.top[name as keyof Report['top']], reason);
  }
  return missing;
}

/** Why a whole run has no profiled phase although profiles were asked for. */
function unprofiled({ run }: Evidence): string {
  const reasons = new Set(run.missingProfiles.map(({ reason }) => reason));
  return reasons.size === 0
    ? 'this phase was not part of the run'
    : `nothing could profile this tracker (${[...reasons].join('; ')})`;
}

/** Why there is no profile of a kind that nobody missed. */
function unasked(kind: ProfileKind, runtime: TargetRuntime): string {
  switch (kind) {
    case 'perf':
      return 'it was not asked for';
    case 'mutex':
    case 'block':
    case 'goroutine':
      return runtime === 'go' ? 'it was not asked for' : 'only a Go program has one';
    case 'allocations':
    case 'live-heap':
    case 'heap-growth':
      return runtime === 'native'
        ? 'a native program keeps no account of its allocations; their cost is in the CPU profile'
        : 'it was not captured';
    default:
      return 'it was not captured';
  }
}
