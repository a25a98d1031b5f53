/**
 * The load once more, against a start of the tracker under clinic. It comes after the phases of a run, so that no figure
 * of theirs carries its cost.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../errors.ts';
import { builtEntry } from '../../package-root.ts';
import { type ClinicRecord, type ClinicTool, operations } from '../../run.ts';
import { sealedPage } from '../../sealed-page.ts';
import type { Milliseconds } from '../../units.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import type { LabEvent } from '../lab-event.ts';
import { startLoad } from '../load/load-pool.ts';
import type { ScenarioPlan } from '../plan.ts';
import { startRunClock } from '../run-clock.ts';
import type { RunFolder } from '../run-folder.ts';
import { parseTargetAddress } from '../target/address-target.ts';
import type { TargetSpec } from '../target/open-target.ts';
import { parseCommand } from '../target/parse-command.ts';
import { startClinicTarget } from './clinic-target.ts';
import type { ClinicInstall } from './find-clinic.ts';
import { freeUdpPort } from './free-udp-port.ts';
import { readDoctorVerdict } from './read-verdict.ts';

/** Doctor wants some seconds of samples; more makes its pages heavy and tells no more. */
const SHORTEST_MS: Milliseconds = 2_000;
const LONGEST_MS: Milliseconds = 10_000;
/** bubbleprof writes some 95 MB of raw data in 4 seconds of load. */
const LONGEST_BUBBLEPROF_MS: Milliseconds = 4_000;
/** Its own share of a run's folder stays below this; a page of bubbleprof has 7 MB. */
const MOST_PAGE_BYTES = 64 * 1024 * 1024;

export interface ClinicPassOptions {
  readonly clinic: ClinicInstall;
  readonly tool: ClinicTool;
  readonly plan: ScenarioPlan;
  readonly target: TargetSpec;
  readonly folder: RunFolder;
  /** Cores of the target; null: not pinned. */
  readonly cpus: string | null;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LabEvent) => void;
}

/**
 * What can be said before anything is done: clinic starts Node programs, and those only.
 *
 * @throws LabError `CLINIC_NEEDS_START`, `CLINIC_NEEDS_NODE`, `BAD_COMMAND`
 */
export function checkClinic(target: TargetSpec): void {
  if (target.kind === 'own') return;
  if (target.kind === 'address' || target.kind === 'several') {
    throw new LabError({
      code: 'CLINIC_NEEDS_START',
      message: 'clinic profiles a program from its start, and this tracker runs already',
      hint: 'pass its command with --exec "node …", or leave out --clinic',
    });
  }
  const [program] = parseCommand(target.command);
  if (/^node(?:\.exe)?$/.test(path.basename(program))) return;
  throw new LabError({
    code: 'CLINIC_NEEDS_NODE',
    message: `clinic profiles commands that begin with node, this one begins with "${program}"`,
    hint: 'pass --exec "node SCRIPT …", or leave out --clinic',
  });
}

/** How long the load is on under clinic. Pure. */
export function clinicLoadMs(tool: ClinicTool, profileDurationMs: Milliseconds): Milliseconds {
  const longest = tool === 'bubbleprof' ? LONGEST_BUBBLEPROF_MS : LONGEST_MS;
  return Math.min(longest, Math.max(SHORTEST_MS, profileDurationMs));
}

/**
 * Runs the pass and leaves clinic's page in the run's folder. Whatever goes wrong is in the record: the run is measured
 * already and must not be lost for it.
 */
export async function runClinicPass(options: ClinicPassOptions): Promise<ClinicRecord> {
  const { clinic, tool, onEvent } = options;
  const durationMs = clinicLoadMs(tool, options.plan.scenario.profileDurationMs);
  const record: ClinicRecord = {
    tool,
    version: clinic.version,
    durationMs,
    requestsPerSecond: null,
    page: null,
    verdict: null,
    failure: null,
  };
  onEvent({
    kind: 'step',
    text: `clinic ${tool}: the same load for ${durationMs / 1000} s, in a start of its own; then its page`,
  });
  try {
    const passed = await pass(options, durationMs);
    return { ...record, ...passed };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    onEvent({ kind: 'note', text: `No page of clinic: ${error.message}.` });
    return { ...record, failure: error.message };
  }
}

async function pass(
  options: ClinicPassOptions,
  durationMs: Milliseconds,
): Promise<Pick<ClinicRecord, 'requestsPerSecond' | 'page' | 'verdict'>> {
  const { clinic, tool, folder, signal } = options;
  const dataFolder = path.join(folder.directory, 'clinic-data');
  const launch = await launchOf(options.target, dataFolder);
  const target = await startClinicTarget({ ...options, ...launch, dataFolder });
  try {
    const requestsPerSecond = await load(options, launch, durationMs);
    const { page, data } = await target.finish();
    const verdict = tool === 'doctor' ? await readDoctorVerdict(clinic.doctorEntry, data) : null;
    const name = `clinic-${tool}.html`;
    folder.writeFile(name, sealedPage(readPage(page)));
    signal.throwIfAborted();
    return { requestsPerSecond, page: name, verdict };
  } catch (error) {
    if (signal.aborted && !(error instanceof LabError)) throw interrupted();
    throw error;
  } finally {
    await target.discard();
  }
}

interface Launch {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly address: string;
  readonly port: number;
}

async function launchOf(target: TargetSpec, dataFolder: string): Promise<Launch> {
  if (target.kind === 'command') {
    const { host, port } = parseTargetAddress(target.url);
    const { address } = await resolveEndpoint(host, port, 0);
    const { environment, command } = target;
    return { command: parseCommand(command), cwd: target.cwd ?? process.cwd(), environment, address, port };
  }
  const address = '127.0.0.1';
  const port = await freeUdpPort(address);
  const socket = target.kind === 'own' ? target.socket : 'auto';
  const entry = builtEntry('tracker/main.js');
  return {
    // Clinic looks at the name of the program.
    command: ['node', entry, '--host', address, '--socket', socket, '--port', String(port)],
    cwd: dataFolder,
    environment: { PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}` },
    address,
    port,
  };
}

/** @returns what was answered, per second */
async function load(
  { plan, signal }: ClinicPassOptions,
  { address, port }: Launch,
  durationMs: Milliseconds,
): Promise<number> {
  const scenario = { ...plan.scenario, warmupMs: 0, durationMs, profileDurationMs: 0 };
  const pool = await startLoad({
    scenario,
    infoHashes: plan.infoHashes,
    target: { host: address, port },
    now: startRunClock(),
    onSecond: () => undefined,
  });
  pool.beginPhase('clean');
  const goOn = await elapsed(durationMs, signal);
  const { phases } = await (goOn ? pool.stop() : pool.abort());
  if (!goOn) throw interrupted();
  const [phase] = phases;
  if (phase === undefined) return 0;
  const answered = operations.reduce((sum, name) => sum + phase.operations[name].succeeded, 0);
  return (answered * 1000) / (phase.endMs - phase.startMs);
}

/** @returns false where it was cut short */
function elapsed(durationMs: Milliseconds, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, durationMs, true);
    const onAbort = (): void => finish(false);
    function finish(goOn: boolean): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(goOn);
    }
    if (signal.aborted) finish(false);
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function readPage(file: string): string {
  const page = readFileSync(file, 'utf8');
  if (page.length > MOST_PAGE_BYTES) {
    throw new LabError({
      code: 'CLINIC_FAILED',
      message: `its page has ${page.length} characters, more than a folder of a run should hold`,
      hint: 'shorten --profile-duration',
    });
  }
  return page;
}

function interrupted(): LabError {
  return new LabError({
    code: 'INTERRUPTED',
    message: 'it was interrupted',
    hint: 'measure again',
  });
}
