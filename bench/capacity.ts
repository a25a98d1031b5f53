/**
 * Is the capacity model right? Our tracker is loaded to its limit and to a quarter of it, the model is given the CPU time of a request at
 * both and the size of the receive buffer, and says what happens at other loads; then they are measured. `npm run bench:capacity` prints the table of
 * docs/scaling.md, `--write docs/scaling.md` puts it there.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { markdownTable } from 'markdown-table';
import { capacityPoint } from '../src/analyze/capacity/capacity-point.ts';
import type { SimulatedQueue } from '../src/analyze/capacity/capacity-schema.ts';
import { datagramsIn } from '../src/analyze/capacity/receive-buffer.ts';
import { costAt, wakeUpMicros } from '../src/analyze/capacity/request-cost.ts';
import { simulateSteady } from '../src/analyze/capacity/simulate-load.ts';
import type { Evidence } from '../src/analyze/evidence.ts';
import { loadRun } from '../src/analyze/load-run.ts';
import { phaseFigures } from '../src/analyze/phase-figures.ts';
import { decodeHistogram, sumHistograms } from '../src/analyze/read-latency.ts';
import { builtEntry } from '../src/package-root.ts';
import { readMachine } from './machine.ts';
import { fillDocument } from './report/document.ts';
import { numberText } from './report/number-text.ts';
import { summarize } from './statistics.ts';

const execFileAsync = promisify(execFile);

/** What a prediction may be off by. */
const TOLERANCE = 0.15;
const WORKERS = 1_000;
/** Longer than the fullest buffer takes, short enough that what is lost does not pile up. */
const TIMEOUT_MS = 500;
/** Of the requests that were to be sent: more, and the generator was the limit. */
const MOST_NOT_SENT = 0.02;

/** Loads that the model speaks of, as multiples of what one core can serve by it. */
export const loads = [
  // By the kernel's socket calls a datagram at a time: the generator can offer more than this tracker serves.
  { socket: 'dgram', multiple: 1.5 },
  { socket: 'dgram', multiple: 1.3 },
  { socket: 'dgram', multiple: 0.8 },
  { socket: 'dgram', multiple: 0.5 },
  { socket: 'batched', multiple: 0.8 },
  { socket: 'batched', multiple: 0.65 },
  { socket: 'batched', multiple: 0.5 },
] as const;
type Load = (typeof loads)[number];

/** The load that shows what waking up costs, as a multiple of the same. */
const LIGHT_LOAD = 0.25;

/** A figure as the model has it, as it was measured, and its unit; null: not measured. */
export interface Quantity {
  readonly name: string;
  readonly unit: string;
  readonly model: number | null;
  readonly measured: number | null;
}

export interface Round {
  readonly load: Load;
  /** What the model had: CPU time of a request, and of waking up. */
  readonly serviceNs: number;
  readonly wakeNs: number;
  readonly quantities: readonly Quantity[];
}

/** What a run under an open loop says of its tracker. */
export interface Measured {
  readonly answeredPerSecond: number;
  readonly lostShare: number;
  /** Of one core. */
  readonly cpuShare: number | null;
  /** From the intended send to the reply, of those that were answered; null: none was. */
  readonly latencyNsP50: number | null;
}

/** What the simulation says of a load, and what came of it. Pure. */
export function quantitiesOf(
  { model, serviceNs }: { readonly model: SimulatedQueue; readonly serviceNs: number },
  measured: Measured,
): Quantity[] {
  const cpu = {
    name: 'CPU',
    unit: '% of a core',
    model: model.busyShare * 100,
    measured: measured.cpuShare === null ? null : measured.cpuShare * 100,
  };
  const latency = {
    name: 'latency P50',
    unit: 'ms',
    model: model.waitNsP50 === null ? null : (model.waitNsP50 + serviceNs) / 1e6,
    measured: measured.latencyNsP50 === null ? null : measured.latencyNsP50 / 1e6,
  };
  if (model.lostShare === 0) return [cpu, latency];
  return [
    {
      name: 'answered',
      unit: '1,000/s',
      model: (model.ratePerSecond * (1 - model.lostShare)) / 1e3,
      measured: measured.answeredPerSecond / 1e3,
    },
    { name: 'lost', unit: '%', model: model.lostShare * 100, measured: measured.lostShare * 100 },
    latency,
  ];
}

/** A row for each quantity of each load: medians of the rounds with their range, and the greatest deviation of a round. Pure. */
export function tableOf(rounds: readonly Round[]): string {
  const rows = loads.flatMap((load) => {
    const own = rounds.filter(
      (round) => round.load.socket === load.socket && round.load.multiple === load.multiple,
    );
    return (own[0]?.quantities ?? []).map(({ name, unit }) => {
      const values = own.map(({ quantities }) => quantities.find((one) => one.name === name) as Quantity);
      const deviations = values.map(({ model, measured }) =>
        model === null || measured === null || measured === 0 ? null : model / measured - 1,
      );
      const worst = deviations.includes(null)
        ? null
        : (deviations as number[]).reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0);
      return [
        `${load.socket}, ${load.multiple}×`,
        `${name} (${unit})`,
        spread(values.map(({ model }) => model)),
        spread(values.map(({ measured }) => measured)),
        worst === null ? 'not measured' : `${worst >= 0 ? '+' : '-'}${numberText(Math.abs(worst) * 100)} %`,
        worst === null ? '-' : Math.abs(worst) <= TOLERANCE ? 'yes' : '**no**',
      ];
    });
  });
  const head = [
    'Socket, load',
    'Quantity',
    'Model',
    'Measured',
    'Worst round',
    `Within ${TOLERANCE * 100} %`,
  ];
  return markdownTable([head, ...rows], { align: ['l', 'l', 'r', 'r', 'r', 'l'] });
}

function spread(values: readonly (number | null)[]): string {
  const summary = summarize(values);
  if (summary === null) return 'not measured';
  const { median, min, max, count } = summary;
  return count === 1 ? numberText(median) : `${numberText(median)} (${numberText(min)}–${numberText(max)})`;
}

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly sockets: readonly Load['socket'][];
  /** Rounds that are in it already stay, and are shown. */
  readonly json: string | null;
  readonly write: string | null;
}

async function main({ rounds, seconds, sockets, json, write }: Options): Promise<void> {
  const before: { rounds: Round[] } =
    json !== null && existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : { rounds: [] };
  const results = [...before.rounds];
  const scratch = mkdtempSync(path.join(tmpdir(), 'tracker-lab-capacity-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    for (const socket of sockets)
      results.push(...(await measureSocket(socket, seconds, path.join(scratch, `${socket}-${round}`))));
    if (json !== null) writeFileSync(json, `${JSON.stringify({ rounds: results }, null, 1)}\n`);
  }
  const machine = readMachine(null);
  const text = [
    `${roundsIn(results)} rounds of ${seconds} s a load, ${new Date().toISOString().slice(0, 10)}, on ${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Node.js ${machine.node}:`,
    tableOf(results),
  ].join('\n\n');
  process.stdout.write(`${text}\n`);
  if (write !== null) writeFileSync(write, fillDocument(readFileSync(write, 'utf8'), { capacity: text }));
}

/** How often each load was measured, at least. */
function roundsIn(rounds: readonly Round[]): number {
  const counts = new Map<string, number>();
  for (const { load } of rounds) {
    const name = `${load.socket} ${load.multiple}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts.size === 0 ? 0 : Math.min(...counts.values());
}

async function measureSocket(socket: Load['socket'], seconds: number, out: string): Promise<Round[]> {
  const flags = ['--tracker-socket', socket, '--out', out, '--duration', `${seconds}s`];
  const runAt = (ratePerSecond: number) =>
    run([...flags, '--rate', String(Math.round(ratePerSecond)), '--timeout', `${TIMEOUT_MS}ms`]);
  const full = capacityPoint(await run(flags));
  const light = capacityPoint(await runAt((LIGHT_LOAD * 1e6) / full.cpuMicros));
  const { receiveBufferBytes } = full;
  if (receiveBufferBytes === null) throw new Error('the receive buffer of our tracker is not known');
  const serviceNs = costAt([full, light], 1) * 1000;
  const wakeNs = Math.max(0, wakeUpMicros([full, light]) ?? 0) * 1000;
  const rounds: Round[] = [];
  for (const load of loads.filter((one) => one.socket === socket)) {
    const ratePerSecond = Math.round((load.multiple * 1e9) / serviceNs);
    // Said before it is measured.
    const model = simulateSteady({
      ratePerSecond,
      serviceNs,
      wakeNs,
      servers: 1,
      bufferDatagrams: datagramsIn(receiveBufferBytes),
      seed: 1,
    });
    const evidence = await runAt(ratePerSecond);
    rounds.push({
      load,
      serviceNs,
      wakeNs,
      quantities: quantitiesOf({ model, serviceNs }, measuredOf(evidence)),
    });
  }
  return rounds;
}

/** One run of the lab; an invalid one counts, too: overload is what is asked for. */
async function run(flags: readonly string[]): Promise<Evidence & { readonly directory: string }> {
  const args = [
    '--scenario',
    'medium',
    '--concurrency',
    String(WORKERS),
    '--warmup',
    '1s',
    '--profile-duration',
    '0',
    '--json',
    '--quiet',
  ];
  const lab = [builtEntry('cli/main.js'), ...args, ...flags];
  const { stdout } = await execFileAsync(process.execPath, lab, { maxBuffer: 2 ** 26 }).catch(
    (error: { stdout?: string; stderr?: string }) => {
      if (error.stdout?.startsWith('{') === true) return { stdout: error.stdout };
      throw new Error(`the lab measured nothing (${error.stderr ?? ''})`);
    },
  );
  const { runId } = JSON.parse(stdout) as { runId: string };
  const directory = path.join(flags[flags.indexOf('--out') + 1] as string, runId);
  return { ...loadRun(directory, { profiles: false }), directory };
}

/** @throws Error where the generator offered less than it was to, so that the load was another one */
function measuredOf(evidence: Evidence & { readonly directory: string }): Measured {
  const clean = phaseFigures(evidence, 'clean');
  if (clean === null) throw new Error('a run had no clean phase');
  const { requests, notSent, requestsPerSecond, target } = clean;
  if ((notSent ?? 0) > requests.sent * MOST_NOT_SENT) {
    throw new Error(
      `the generator could not offer the load: ${notSent} of ${requests.sent + (notSent ?? 0)} requests were not sent`,
    );
  }
  return {
    answeredPerSecond: requestsPerSecond ?? 0,
    lostShare: requests.timedOut / requests.sent,
    cpuShare: target.cpuShare,
    latencyNsP50: answeredNsP50(evidence, requests.succeeded),
  };
}

/** What timed out is in the histograms, too, behind all that was answered. */
function answeredNsP50(
  { run: { histograms }, directory }: Evidence & { readonly directory: string },
  answered: number,
): number | null {
  const all = sumHistograms(
    histograms
      .filter(({ phase, clock }) => phase === 'clean' && clock === 'response')
      .map(({ file }) => decodeHistogram(file, readFileSync(path.join(directory, file), 'utf8'))),
  );
  return all === null || answered === 0 ? null : all.getValueAtPercentile((50 * answered) / all.totalCount);
}

function parseOptions(argv: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { rounds: text, seconds: text, sockets: text, json: text, write: text },
  });
  const number = (name: 'rounds' | 'seconds', fallback: number, least: number): number => {
    const value = Number(values[name] ?? fallback);
    if (!(value >= least))
      throw new Error(`--${name}: expected a number from ${least} on, got "${values[name]}"`);
    return value;
  };
  const sockets = (values.sockets ?? 'dgram,batched').split(',').map((name) => {
    const known = loads.find(({ socket }) => socket === name)?.socket;
    if (known === undefined) throw new Error(`--sockets: "${name}" is neither dgram nor batched`);
    return known;
  });
  return {
    // None: only show what is in --json.
    rounds: number('rounds', 3, 0),
    seconds: number('seconds', 5, 0.1),
    sockets,
    json: values.json ?? null,
    write: values.write ?? null,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await main(parseOptions(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  // Whatever still holds the event loop has served its purpose.
  process.exit();
}
