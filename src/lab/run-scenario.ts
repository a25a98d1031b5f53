/**
 * One run, from the target's start to the folder on disk. It measures and stores; what the figures mean is not asked
 * here.
 */
import { ExitCode, LabError } from '../errors.ts';
import { describeMissingProfiles } from '../missing-profiles.ts';
import type { ClinicTool, MissingProfile, ProfileKind, Run, Scenario } from '../run.ts';
import type { Milliseconds } from '../units.ts';
import { INFO_HASH_BYTES } from '../wire/bep15.ts';
import { batchedUnavailableReason } from '../wire/open-udp-socket.ts';
import type { AgentFleet } from './agents/agent-fleet.ts';
import { goRuntimeVersion } from './capture/go/go-version.ts';
import { listeningProcess } from './capture/go/listening-process.ts';
import type { NodeAgent } from './capture/node-agent-client.ts';
import { perfNodeArguments } from './capture/perf/perf-node-arguments.ts';
import { checkClinic, runClinicPass } from './clinic/clinic-pass.ts';
import type { ClinicInstall } from './clinic/find-clinic.ts';
import { listed } from './config/tracker-settings.ts';
import { Interruption } from './interruption.ts';
import type { LabEvent } from './lab-event.ts';
import { type Load, type LoadOptions, startLoad } from './load/load-pool.ts';
import { monotonicNs } from './load/monotonic-clock.ts';
import { poolBytes } from './load/swarm-model.ts';
import { Observation } from './observation.ts';
import type { ScenarioPlan } from './plan.ts';
import { type ProfilingWish, planProfileSources } from './profile-sources.ts';
import { startRunClock } from './run-clock.ts';
import { RunFolder } from './run-folder.ts';
import { type PhasesOptions, type PhasesResult, plannedLengthMs, runPhases } from './run-phases.ts';
import { readEnvironment } from './target/environment.ts';
import {
  type AddressSpec,
  checkTarget,
  openTarget,
  type Target,
  type TargetEnd,
  type TargetSpec,
} from './target/open-target.ts';
import { removePerfTraces, watchPerfTraces } from './target/perf-traces.ts';
import { type Pinning, pinningObstacle, pinThisProcess, planPinning } from './target/pinning.ts';
import { preflight } from './target/preflight.ts';
import { sampledHashes } from './target/preflight-hashes.ts';
import { udpFloor } from './target/udp-floor.ts';
import { type NamedContent, toRun } from './to-run.ts';
import { UnfinishedRun } from './unfinished-run.ts';
import type { Watchdog } from './watchdog.ts';

/** From the signal that ends a run early to the end of its tracker; the report must be made within 5 s of it. */
const INTERRUPTED_STOP_MS: Milliseconds = 2_500;
/** A tracker that writes its counters has at least this long. */
const LEAST_STOP_GRACE_MS: Milliseconds = 500;

export interface RunOptions {
  readonly plan: ScenarioPlan;
  /** Shared by the runs of one `--scenario all`; null for a run of its own. */
  readonly suiteId: string | null;
  /** Root of the runs. */
  readonly outDirectory: string;
  readonly target: TargetSpec;
  readonly profiling: ProfilingWish;
  /** `auto`, `off` or `TARGET:GENERATOR`. */
  readonly pin: string;
  /** Cores that the lab may use, read before its first run: pinning narrows what the kernel tells afterwards. */
  readonly allowedCpus: readonly number[];
  /** Go on, marked, where a profiler does not start. */
  readonly allowNoProfile: boolean;
  /** Which tool of clinic looks at the tracker after the run; null: none. Default: null. */
  readonly clinic?: { readonly tool: ClinicTool; readonly install: ClinicInstall } | null;
  /** Who makes the load; null: the lab itself. Default: null. */
  readonly agents?: AgentFleet | null;
  /** Ends the run early; what there is by then is saved, marked partial. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: LabEvent) => void;
}

export interface RunOutcome {
  readonly directory: string;
  readonly run: Run;
}

/** What the steps of a run share. */
interface RunContext {
  readonly options: RunOptions;
  readonly folder: RunFolder;
  readonly interruption: Interruption;
  readonly pinning: Pinning | null;
  /** Tells the operator, and the report. */
  readonly note: (text: string) => void;
}

/**
 * Runs one scenario against one target and leaves a run's folder.
 *
 * @throws LabError where the run could not begin (no target, no profiler, no socket); no folder is left then. What is thrown
 * once the load had begun leaves a partial run.
 */
export async function runScenario(wanted: RunOptions): Promise<RunOutcome> {
  const agents = wanted.agents ?? null;
  const options = agents === null ? wanted : { ...wanted, plan: agents.planFor(wanted.plan) };
  const notes: string[] = [];
  const note = (text: string): void => {
    notes.push(text);
    options.onEvent({ kind: 'note', text });
  };
  const pinning = pin(options, note);
  const startedAt = new Date().toISOString();
  const folder = RunFolder.create(options.outDirectory, options.plan.scenario.name, startedAt);
  const interruption = new Interruption(options.signal);
  const context: RunContext = { options, folder, interruption, pinning, note };

  let target: Target | null = null;
  let perfTraces: Watchdog | null = null;
  let isMeasured = false;
  try {
    await checkTarget(options.target);
    if (options.clinic != null) checkClinic(options.target);
    // Before there is a tracker whose CPU it would take.
    const measured = await udpFloor();
    if (measured.floor === null) note(`The floor of UDP was not measured: ${measured.reason}.`);
    if (agents === null) await tellOfPlainSockets(note);
    target = await prepareTarget(context);
    if (options.profiling.perf) perfTraces = watchPerfTraces(target.pids(), folderOf(options.target));
    // While it runs: an ended process no longer tells.
    const known = {
      runId: folder.runId,
      suiteId: options.suiteId,
      startedAt,
      environment: readEnvironment(context.pinning, measured.floor),
      target: await withRuntime(target),
      members: (target.members ?? []).map((member) => member.record),
      plan: options.plan,
      notes,
    };
    const result = await measure(target, context, new UnfinishedRun(folder, known));
    isMeasured = true;
    const end = await stopTarget(target, options, stopGraceMs(interruption));
    tellOfKill(end, note);
    const { run, latencyFiles } = toRun({
      ...known,
      ...result,
      agents: agents?.record() ?? null,
      end,
      interruption: interruption.cause,
    });
    const saved = save(folder, run, latencyFiles);
    return { directory: folder.directory, run: await withClinic(saved, context) };
  } catch (error) {
    if (!isMeasured) folder.giveUp(error instanceof LabError ? error.message : String(error));
    throw error;
  } finally {
    if (target !== null) await stopTarget(target, options);
    perfTraces?.dismiss();
  }
}

/** The run with what clinic makes of the tracker, where it was asked; the run itself is safe on disk by then. */
async function withClinic(run: Run, { options, folder, pinning }: RunContext): Promise<Run> {
  const { clinic, signal } = options;
  if (clinic === null || clinic === undefined || run.partial !== null || signal.aborted) return run;
  const record = await runClinicPass({
    clinic: clinic.install,
    tool: clinic.tool,
    plan: options.plan,
    target: options.target,
    folder,
    cpus: pinning?.target ?? null,
    signal,
    onEvent: options.onEvent,
  });
  const amended = { ...run, clinic: record };
  folder.amend(amended);
  return amended;
}

/** Writes what was measured; where the disk does not take all of it, as much as it takes, marked partial. */
function save(folder: RunFolder, run: Run, latencyFiles: readonly NamedContent[]): Run {
  const written = new Set<string>();
  let failure: LabError | null = null;
  for (const { file, content } of latencyFiles) {
    try {
      folder.writeFile(file, content);
      written.add(file);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      failure ??= error;
    }
  }
  if (failure === null) return folder.finish(run);
  const { latencySlices, ...rest } = run;
  return folder.finish({
    ...rest,
    ...(latencySlices !== undefined && written.has(latencySlices.file) ? { latencySlices } : {}),
    histograms: run.histograms.filter(({ file }) => written.has(file)),
    members: run.members.map(({ phases, ...member }) => ({
      ...member,
      phases: phases.map(({ histogram, ...phase }) => ({
        ...phase,
        histogram: histogram !== null && written.has(histogram) ? histogram : null,
      })),
    })),
    partial: run.partial ?? { reason: failure.message },
  });
}

/** A tracker that was frozen when its profiles were asked for need not be waited for twice. */
function stopGraceMs(interruption: Interruption): Milliseconds | undefined {
  const leftMs = interruption.leftOf(INTERRUPTED_STOP_MS);
  return leftMs === null ? undefined : Math.max(LEAST_STOP_GRACE_MS, leftMs);
}

/** A load by `node:dgram` costs the generator some times as much a request, and it is sooner the limit. */
async function tellOfPlainSockets(note: (text: string) => void): Promise<void> {
  const obstacle = await batchedUnavailableReason();
  if (obstacle !== null) note(`The load has dgram sockets, not batched ones: ${obstacle}.`);
}

/** What a report would else not tell from an orderly end. */
function tellOfKill(end: TargetEnd | null, note: (text: string) => void): void {
  if (end?.exit.expected !== true || end.exit.signal !== 'SIGKILL') return;
  note('The tracker did not end when it was asked to (SIGTERM), and was killed.');
}

/** Stops the target if the lab started it, and clears away what the flags for perf made it write. */
async function stopTarget(
  target: Target,
  { profiling, target: spec }: RunOptions,
  graceMs?: Milliseconds,
): Promise<TargetEnd | null> {
  const pids = [...target.pids(), ...(target.pid === null ? [] : [target.pid])];
  const end = await target.stop(graceMs);
  if (profiling.perf && end !== null) removePerfTraces(pids, folderOf(spec));
  return end;
}

/** Where the target is started. */
function folderOf(target: TargetSpec): string {
  return target.kind === 'command' ? (target.cwd ?? process.cwd()) : process.cwd();
}

/** A tracker that already runs is known by its pprof endpoint, where that is on this machine. */
async function withProcess({ target, profiling }: RunOptions): Promise<TargetSpec> {
  if (profiling.pprof === null) return target;
  const ports = listed(profiling.pprof).map((url) => Number(new URL(url).port));
  const found = async (one: AddressSpec, index: number): Promise<AddressSpec> =>
    one.pid == null ? { ...one, pid: await listeningProcess(ports[index] ?? 0) } : one;
  if (target.kind === 'address') return found(target, 0);
  return target.kind === 'several'
    ? { ...target, members: await Promise.all(target.members.map(found)) }
    : target;
}

/** The target's record with the version of Go, where it is a Go program. */
async function withRuntime({ record }: Target): Promise<Run['target']> {
  if (record.runtime !== null || record.pid === null) return record;
  const { version } = await goRuntimeVersion({ pid: record.pid, url: null });
  return { ...record, runtime: version };
}

/** Starts the target and proves that it works, before any load. */
async function prepareTarget({ options, interruption, pinning, note }: RunContext): Promise<Target> {
  const { scenario } = options.plan;
  options.onEvent({ kind: 'step', text: describeScenario(scenario) });
  const target = await openTarget(await withProcess(options), {
    cpus: pinning?.target ?? null,
    liveHeap: scenario.profileDurationMs > 0,
    nodeFlags: options.profiling.perf ? perfNodeArguments : [],
    onLoss: note,
    abort: options.signal,
  }).catch((error: unknown) => {
    refuseWhereInterrupted(interruption);
    throw error;
  });
  try {
    for (const { address } of target.members ?? [target]) options.agents?.checkTarget(address);
    const missing = target.agent === null ? [] : await missingProfilers(target.agent, scenario);
    for (const { kind, reason } of missing) {
      if (!options.allowNoProfile) throw profilerFailed(kind, reason);
      note(`No ${kind} profile: ${reason}.`);
    }
    for (const text of target.notes) note(text);
    for (const member of target.members ?? [target]) {
      const whose = target.members === undefined ? '' : `${member.record.address}: `;
      const { address, port } = member;
      const seen = await preflight({
        address,
        port,
        ...hashesToTry(options.plan),
        numWant: scenario.numWant,
      });
      for (const text of seen.notes) note(`${whose}${text}`);
      if (seen.scrape === null) note(`${whose}Scrapes are refused: ${seen.scrapeRefusal ?? 'no answer'}.`);
    }
    refuseWhereInterrupted(interruption);
  } catch (error) {
    await stopTarget(target, options);
    throw error;
  }
  const { name, version, address, runtime } = target.record;
  const known = [name, version, runtime].filter((part) => part !== null).join(' · ');
  options.onEvent({ kind: 'step', text: `Target: ${known}, ${address}` });
  return target;
}

/** Which profilers of the preload do not work, found out before any load. */
async function missingProfilers(agent: NodeAgent, scenario: Scenario): Promise<readonly MissingProfile[]> {
  const { missing } = await agent.ready;
  return scenario.profileDurationMs === 0 ? missing : [...missing, ...(await agent.probeProfilers())];
}

interface Measured extends PhasesResult {
  /** What the machine's monotonic clock told when the run's clock was 0. */
  readonly monotonicOriginMs: number;
}

async function measure(target: Target, context: RunContext, unfinished: UnfinishedRun): Promise<Measured> {
  const { options, interruption, note } = context;
  const { scenario } = options.plan;
  const agents = options.agents ?? null;
  for (const text of agents?.notes ?? []) note(text);
  const sources = planProfileSources(target, scenario, options.profiling);
  const tellMissing = missingTeller(options.onEvent);
  const probes = await Promise.all(sources.sources.map((source) => source.probe?.() ?? []));
  tellMissing(probes.flat(), new Set());
  const now = startRunClock();
  const monotonicOriginMs = monotonicNs() / 1e6 - now();
  void target.exited?.then(({ exitCode, signal, cause, expected }) => {
    if (expected) return;
    const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
    interruption.raise({ kind: 'target-exited', reason: `the tracker ended by itself (${cause ?? how})` });
  });
  const observation = new Observation({
    folder: context.folder,
    target,
    totalMs: plannedLengthMs(scenario, sources),
    now,
    onEvent: options.onEvent,
    ...(agents === null ? {} : { alliedCpuMs: () => agents.localCpuMs() }),
  });
  if (observation.unavailable !== null) note(observation.unavailable);
  try {
    const pool = await startLoadOf(agents, {
      scenario,
      infoHashes: options.plan.infoHashes,
      ownCores: context.pinning !== null,
      target: { host: target.address, port: target.port },
      otherTargets: (target.members ?? []).slice(1).map(({ address, port }) => ({ host: address, port })),
      now,
      onSecond: (row) => observation.addLoad(row),
      onFailure(error, isLast) {
        note(error.toLine());
        const what = agents === null ? 'thread' : 'agent';
        if (isLast) interruption.raise({ kind: 'load-failed', reason: `no load ${what} is left` });
      },
    });
    const result = await runPhases({
      onMissing: tellMissing,
      scenario,
      pool,
      ...sources,
      directory: context.folder.directory,
      interruption,
      beforePhase: (phase, profiles) => unfinished.beforePhase(phase, { ...profiles, monotonicOriginMs }),
      onPhase(phase) {
        options.onEvent({ kind: 'phase', phase });
        const soFar = phase === 'profiled' ? pool.phasesSoFar?.() : undefined;
        if (soFar !== undefined) unfinished.keep(soFar);
      },
      onPhaseEdge: () => observation.readSockets(),
    });
    return { ...result, monotonicOriginMs };
  } finally {
    observation.stop();
  }
}

function startLoadOf(agents: AgentFleet | null, options: LoadOptions): Promise<Load> {
  return agents === null ? startLoad(options) : agents.startLoad(options);
}

/** The load's first info hash, and some spread over its pool. */
function hashesToTry({ scenario, infoHashes }: ScenarioPlan): {
  readonly infoHash: Uint8Array;
  readonly otherHashes: readonly Uint8Array[];
} {
  const pool = poolBytes(scenario.seed, scenario.swarmHashes, infoHashes);
  const hash = (index: number) => pool.subarray(index * INFO_HASH_BYTES, (index + 1) * INFO_HASH_BYTES);
  return { infoHash: hash(0), otherHashes: sampledHashes(scenario.swarmHashes).map(hash) };
}

/** Tells of a missing profile once; the report lists it with its reason anyway. */
function missingTeller(onEvent: RunOptions['onEvent']): NonNullable<PhasesOptions['onMissing']> {
  const told = new Set<ProfileKind>();
  return function tellMissing(missing, present) {
    const news = missing.filter(({ kind }) => !told.has(kind));
    for (const text of describeMissingProfiles(news, present)) onEvent({ kind: 'note', text });
    for (const { kind } of news) told.add(kind);
  };
}

function pin(
  { pin: mode, allowedCpus: allowed, target, agents }: RunOptions,
  note: (text: string) => void,
): Pinning | null {
  // The generator's cores are not here.
  if (agents != null) return null;
  const plan = planPinning({ mode, allowed, targetCores: target.kind === 'own' ? target.workers : 1 });
  const obstacle = plan.note ?? (plan.pinning === null ? null : pinningObstacle());
  const failure = obstacle ?? (plan.pinning === null ? null : pinThisProcess(plan.pinning.generator));
  if (failure === null) return plan.pinning;
  note(failure);
  return null;
}

function refuseWhereInterrupted(interruption: Interruption): void {
  if (interruption.cause === null) return;
  throw new LabError({
    code: 'INTERRUPTED',
    message: `the run was ${interruption.cause.reason} before its load began`,
    hint: 'there is nothing to save; run it again',
    exitCode: ExitCode.interrupted,
  });
}

function profilerFailed(kind: string, reason: string): LabError {
  return new LabError({
    code: 'PROFILER_FAILED',
    message: `the ${kind} profiler did not start: ${reason}`,
    hint: 'pass --allow-no-profile to measure without it, or --profile-duration 0 for no profiles at all',
    exitCode: ExitCode.trackerFailed,
  });
}

function describeScenario({ name, concurrency, durationMs, ratePerSecond }: Scenario): string {
  const pace = ratePerSecond === 0 ? 'closed loop' : `${ratePerSecond} requests/s, open loop`;
  return `Scenario ${name}: ${concurrency} workers, ${durationMs / 1000} s, ${pace}`;
}
