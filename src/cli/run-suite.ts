/** Runs the planned scenarios in turn, has them analysed and prints the result. */
import path from 'node:path';
import type { AnalyzedRun } from '../analyze/analyze.ts';
import { ExitCode, LabError } from '../errors.ts';
import type { AgentFleet } from '../lab/agents/agent-fleet.ts';
import { findClinic } from '../lab/clinic/find-clinic.ts';
import { listed, type TrackerSettings } from '../lab/config/tracker-settings.ts';
import type { ScenarioPlan } from '../lab/plan.ts';
import { type RunOptions, type RunOutcome, runScenario } from '../lab/run-scenario.ts';
import type { AddressSpec, TargetSpec } from '../lab/target/open-target.ts';
import { type CliContext, columnsOf } from './context.ts';
import { findSide } from './find-side.ts';
import { applyGate } from './gate.ts';
import type { GateFlags } from './gate-flags.ts';
import { createInterrupt } from './interrupt.ts';
import { labCommand, withLabCommand } from './lab-command.ts';
import { createProgress, type Progress } from './progress.ts';
import type { RunFlags } from './run-flags.ts';
import { findZeroX, writeZeroXPage, type ZeroXInstall } from './zero-x-page.ts';

export interface SuiteOptions {
  readonly plans: readonly ScenarioPlan[];
  readonly tracker: TrackerSettings;
  readonly flags: RunFlags & GateFlags;
  /** Cores that the lab may use. */
  readonly cpus: readonly number[];
  readonly context: CliContext;
}

const DEFAULT_AGENTS_WAIT_MS = 60_000;

/** @returns the exit code of the run that went worst */
export async function runSuite({ plans, tracker, flags, cpus, context }: SuiteOptions): Promise<ExitCode> {
  // A baseline that is not there is better told before the runs than after them.
  if (flags.baseline !== undefined) findSide(flags.baseline, flags.out, context.cwd);
  // What is not installed is told before anything is measured.
  const clinic = flags.clinic === undefined ? null : { tool: flags.clinic, install: findClinic(context.cwd) };
  const zeroX = flags.flame === undefined ? null : findZeroX(context.cwd);
  const progress = createProgress(context, flags.quiet);
  const interrupt = createInterrupt(context, progress.lastWord);
  const suiteId = plans.length > 1 ? newSuiteId() : null;
  let agents: AgentFleet | null = null;
  try {
    agents = await agentsOf(flags, context, { signal: interrupt.signal, progress });
    const { outcomes, failure } = await runAll({ plans, tracker, flags, cpus, context }, suiteId, clinic, {
      signal: interrupt.signal,
      progress,
      agents,
    });
    // A signal that comes now changes the exit code only: the report is made in any case.
    const analyzed = await analyzeAll(outcomes, flags.out);
    const pages = zeroX === null ? [] : await zeroXPages(analyzed, zeroX, context);
    await printResult(analyzed, suiteId, flags, context);
    const passed = await applyGate(analyzed, {
      flags,
      out: flags.out,
      context,
      output: flags.json ? context.stderr : context.stdout,
    });
    for (const line of pages) (flags.json ? context.stderr : context.stdout).write(`${line}\n`);
    if (failure !== null) context.stderr.write(`${withLabCommand(failure.toLine(), context)}\n`);
    return interrupt.exitCode() ?? failure?.exitCode ?? exitCodeOf(outcomes, analyzed, passed);
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === null || !(error instanceof LabError)) throw error;
    // Whatever a signal brought to an end, the exit code is the signal's.
    context.stderr.write(`${withLabCommand(error.toLine(), context)}\n`);
    return exitCode;
  } finally {
    agents?.close();
    interrupt.stopListening();
  }
}

/** The agents that are asked for, once they are there; null: none are. Nothing of theirs is loaded then. */
async function agentsOf(
  { agents: count, redis, redisCa, agentsWait }: RunFlags,
  { cwd }: CliContext,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Progress },
): Promise<AgentFleet | null> {
  if (count === undefined) return null;
  if (redis === undefined) {
    throw new LabError({
      code: 'REDIS_MISSING',
      message: `expected --redis URL beside --agents ${count}: lab and agents meet there`,
      hint: 'start the agents with tracker-lab agent --redis URL, and pass the same URL here or set LAB_REDIS',
    });
  }
  const { gatherAgents } = await import('../lab/agents/agent-fleet.ts');
  return gatherAgents({
    redis: { url: redis, caFile: redisCa === undefined ? null : path.resolve(cwd, redisCa) },
    count,
    waitMs: agentsWait ?? DEFAULT_AGENTS_WAIT_MS,
    signal,
    tell: (text) => progress.onEvent({ kind: 'note', text }),
  });
}

/** Runs the scenarios in turn. What those before a failure measured is not lost. */
async function runAll(
  { plans, tracker, flags, cpus }: SuiteOptions,
  suiteId: string | null,
  clinic: RunOptions['clinic'],
  {
    signal,
    progress,
    agents,
  }: { readonly signal: AbortSignal; readonly progress: Progress; readonly agents: AgentFleet | null },
): Promise<{ outcomes: readonly RunOutcome[]; failure: LabError | null }> {
  const outcomes: RunOutcome[] = [];
  try {
    for (const plan of plans) {
      outcomes.push(
        await runScenario({
          plan,
          suiteId,
          outDirectory: flags.out,
          target: targetSpec(tracker, flags),
          profiling: tracker,
          pin: flags.pin,
          allowedCpus: cpus,
          allowNoProfile: flags.allowNoProfile,
          clinic: clinic ?? null,
          agents,
          signal,
          onEvent: progress.onEvent,
        }),
      );
      if (signal.aborted) break;
    }
    return { outcomes, failure: null };
  } catch (error) {
    if (!(error instanceof LabError) || outcomes.length === 0) throw error;
    return { outcomes, failure: error };
  } finally {
    progress.end();
  }
}

/** A line for each page; what cannot be made is no reason to lose the result. */
async function zeroXPages(
  analyzed: readonly AnalyzedRun[],
  install: ZeroXInstall,
  context: CliContext,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { directory } of analyzed) {
    try {
      lines.push(`0x:     ${shortPath(await writeZeroXPage(directory, install), context.cwd)}`);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      lines.push(`No page of 0x: ${withLabCommand(error.toLine(), context)}`);
    }
  }
  return lines;
}

function newSuiteId(): string {
  return `suite-${new Date().toISOString().replaceAll(/\D/g, '')}`;
}

/** What is measured, as the settings and the flags of our tracker have it. */
export function targetSpec(
  tracker: TrackerSettings,
  {
    trackerSocket,
    trackerWorkers,
    trackerHost,
  }: Pick<RunFlags, 'trackerSocket' | 'trackerWorkers' | 'trackerHost'>,
): TargetSpec {
  const { target: url, exec, cwd, env, pid, allowRemote } = tracker;
  if (url === null) {
    const host = trackerHost === undefined ? {} : { host: trackerHost };
    return { kind: 'own', socket: trackerSocket, workers: trackerWorkers, ...host };
  }
  if (exec !== null) {
    return { kind: 'command', command: exec, cwd, environment: env, url, allowRemote };
  }
  const pids = pid === null ? [] : [pid].flat();
  const members = listed(url).map((one, index): AddressSpec => {
    return { kind: 'address', url: one, allowRemote, pid: pids[index] ?? null };
  });
  return members.length === 1 ? (members[0] as AddressSpec) : { kind: 'several', members };
}

async function analyzeAll(outcomes: readonly RunOutcome[], outDirectory: string): Promise<AnalyzedRun[]> {
  const { analyzeRun } = await import('../analyze/analyze.ts');
  const historyFile = path.join(outDirectory, 'history.jsonl');
  const analyzed: AnalyzedRun[] = [];
  for (const { directory } of outcomes) analyzed.push(await analyzeRun(directory, { historyFile }));
  return analyzed;
}

async function printResult(
  analyzed: readonly AnalyzedRun[],
  suiteId: string | null,
  flags: RunFlags,
  context: CliContext,
): Promise<void> {
  const { summarize } = await import('../analyze/report/summarize.ts');
  const out = flags.json ? context.stderr : context.stdout;
  if (!(flags.json && flags.quiet)) {
    for (const { report, directory } of analyzed) {
      const shown = shortPath(directory, context.cwd);
      for (const line of summarize(report, shown, labCommand(context), columnsOf(out)))
        out.write(`${line}\n`);
      out.write('\n');
    }
    if (analyzed.length > 1) {
      const { summarizeSuite } = await import('../analyze/report/summarize-suite.ts');
      const { ownFigures, scalingLines, suiteScaling } = await import('../analyze/report/suite-scaling.ts');
      const reports = analyzed.map(({ report }) => report);
      for (const line of summarizeSuite(reports)) out.write(`${line}\n`);
      out.write('\n');
      for (const line of scalingLines(suiteScaling(ownFigures(reports)))) out.write(`${line}\n`);
      out.write('\n');
    }
  }
  if (!flags.json) return;
  const { suiteDocument } = await import('../analyze/report/suite-document.ts');
  const reports = analyzed.map(({ report }) => report);
  const document = suiteId === null ? reports[0] : suiteDocument(suiteId, reports);
  context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** As a person would type it: relative where that is below the current folder. */
function shortPath(directory: string, cwd: string): string {
  const relative = path.relative(cwd, directory);
  return relative.startsWith('..') ? directory : relative;
}

function exitCodeOf(
  outcomes: readonly RunOutcome[],
  analyzed: readonly AnalyzedRun[],
  passed: boolean,
): ExitCode {
  const targetFailed = outcomes.some(({ run }) => run.targetExit !== null && !run.targetExit.expected);
  if (targetFailed) return ExitCode.trackerFailed;
  if (!analyzed.every(({ report }) => report.valid)) return ExitCode.invalidRun;
  return passed ? ExitCode.ok : ExitCode.thresholdFailed;
}
