/** Turns evidence into the one model that every form of the report is printed from. Pure. */
import { type Evidence, profileOf } from '../evidence.ts';
import { comparableRows, type History, historyRow } from '../history.ts';
import { littlesLaw } from '../littles-law.ts';
import { memoryTrend, rssFigures, runtimeMemory } from '../memory-series.ts';
import { type PhaseFigures, phaseFigures } from '../phase-figures.ts';
import { judge } from '../rules/judge.ts';
import { phaseLoad } from '../series.ts';
import { usedCapacity } from '../used-capacity.ts';
import { assessScaling } from './comparison.ts';
import { assessDeployments, assessOptimization, assessWorries } from './quick-reference.ts';
import { REPORT_SCHEMA_VERSION, type Report, type ScenarioFigures } from './report-schema.ts';
import { statusesOf } from './statuses.ts';
import { topPair } from './top-pair.ts';
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
  const valid = !findings.some(
    (finding) => finding.rule === 'generator-limited' && finding.verdict === 'found',
  );
  const cpuCapacityShare = usedCapacity(evidence);
  const law = littlesLaw(evidence);
  const top = {
    cpu: topPair(profileOf(evidence, 'cpu'), ['cpu', 'wall']),
    allocations: topPair(profileOf(evidence, 'allocations'), ['alloc_space']),
    liveHeap: topPair(profileOf(evidence, 'live-heap'), ['inuse_space']),
  };
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
    generator: { threads: phaseLoad(evidence, 'clean')?.threads ?? [] },
    statuses: statusesOf({
      clean,
      network: run.target.network,
      rss,
      continuousGrowth: trend?.continuous === true,
    }),
    memory: { rss, trend, runtime: runtimeMemory(evidence) },
    littlesLaw: law,
    cpuCapacityShare,
    profilerCost: profilerCost(clean, profiled),
    top,
    missingProfiles: run.missingProfiles,
    findings,
    comparison: { runs: context.runs, scaling: assessScaling(context.runs) },
    trackerCounters: run.trackerCounters,
    notes: notesOf(evidence),
  } as const;
  const row = historyRow(withoutHistory);
  const earlier = comparableRows(context.history, row);
  const reference = { evidence, clean, valid, cpuCapacityShare, trend, law, runs: context.runs, earlier };
  return {
    ...withoutHistory,
    history: {
      rows: [...earlier.slice(-SHOWN_EARLIER_RUNS), row],
      brokenLines: context.history.brokenLines,
      trends: assessTrends(
        row,
        earlier.filter((one) => one.valid && !one.partial),
        trend,
      ),
    },
    quickReference: {
      deployments: assessDeployments(reference),
      worry: assessWorries(reference),
      optimize: assessOptimization(reference),
    },
    notMeasured: notMeasured(evidence, withoutHistory),
  };
}

function profilerCost(clean: PhaseFigures | null, profiled: PhaseFigures | null): Report['profilerCost'] {
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
  const noRuntime =
    run.target.kind === 'own' ? 'no sample was taken' : 'the tracker was not started by the lab';
  add('phases.warmUp', report.phases.warmUp, ended);
  add('phases.clean', report.phases.clean, ended);
  add(
    'phases.profiled',
    report.phases.profiled,
    run.scenario.profileDurationMs === 0 ? 'no profile was asked for' : ended,
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
  for (const [name, kind] of [
    ['cpu', 'cpu'],
    ['allocations', 'allocations'],
    ['liveHeap', 'live-heap'],
  ] as const) {
    const reason = run.missingProfiles.find((one) => one.kind === kind)?.reason ?? 'it was not captured';
    add(`top.${name}`, report.top[name], reason);
  }
  return missing;
}
