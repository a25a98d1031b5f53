/**
 * Is the capacity model right? Our tracker is loaded to its limit, the model is given the CPU time of a request that this showed and the size
 * of the receive buffer, and says what happens at other loads; then they are measured. `npm run bench:capacity` prints the table of
 * docs/scaling.md, `--write docs/scaling.md` puts it there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import type { SimulatedQueue } from '../src/analyze/capacity/capacity-schema.ts';
import { datagramsIn } from '../src/analyze/capacity/receive-buffer.ts';
import { simulateSteady } from '../src/analyze/capacity/simulate-load.ts';
import { allowedCpus, pinningObstacle, planPinning } from '../src/lab/target/pinning.ts';
import { LoadDriver } from './load/load-driver.ts';
import type { LoadFigures } from './load/load-messages.ts';
import { readMachine } from './machine.ts';
import { fillDocument } from './report/document.ts';
import { numberText } from './report/number-text.ts';
import { startOwnServer } from './servers/own-tracker.ts';
import { summarize } from './statistics.ts';

/** What a prediction may be off by. */
const TOLERANCE = 0.15;
const WORKERS = 1_000;
const HASHES = 100;
/** Longer than the fullest buffer takes, short enough that what is lost does not pile up. */
const TIMEOUT_MS = 500;

/** Loads that the model speaks of, as multiples of what one core can serve by it. */
export const loads = [
  // By the kernel's socket calls a datagram at a time: the generator can offer more than this tracker serves.
  { socket: 'dgram', multiple: 1.3 },
  { socket: 'dgram', multiple: 0.8 },
  { socket: 'dgram', multiple: 0.5 },
  { socket: 'batched', multiple: 0.8 },
  { socket: 'batched', multiple: 0.5 },
] as const;
type Load = (typeof loads)[number];

/** A figure as the model has it, as it was measured, and its unit; null: not measured. */
export interface Quantity {
  readonly name: string;
  readonly unit: string;
  readonly model: number | null;
  readonly measured: number | null;
}

export interface Round {
  readonly load: Load;
  readonly quantities: readonly Quantity[];
}

/** What the simulation says of a load, and what came of it. Pure. */
export function quantitiesOf(
  model: SimulatedQueue,
  serviceNs: number,
  measured: LoadFigures,
  multiple: number,
): Quantity[] {
  const { answered, failed, wallNs, serverCpuNs, answeredNsP50 } = measured;
  const cpu = {
    name: 'CPU, of one core',
    unit: '%',
    model: model.busyShare * 100,
    measured: serverCpuNs === null ? null : (serverCpuNs / wallNs) * 100,
  };
  const latency = {
    name: 'latency P50',
    unit: 'ms',
    model: model.waitNsP50 === null ? null : (model.waitNsP50 + serviceNs) / 1e6,
    measured: answeredNsP50 === null ? null : answeredNsP50 / 1e6,
  };
  if (multiple <= 1) return [cpu, latency];
  return [
    {
      name: 'answered',
      unit: '1,000/s',
      model: (model.ratePerSecond * (1 - model.lostShare)) / 1e3,
      measured: answered / (wallNs / 1e6),
    },
    {
      name: 'lost',
      unit: '%',
      model: model.lostShare * 100,
      measured: (failed / (answered + failed)) * 100,
    },
    latency,
  ];
}

/** A row for each quantity of each load: medians of the rounds with their range, and the greatest deviation of a round. Pure. */
export function tableOf(rounds: readonly Round[]): string {
  const rows = loads.flatMap((load) => {
    const own = rounds.filter((round) => round.load === load);
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
  readonly write: string | null;
}

async function main({ rounds, seconds, write }: Options): Promise<void> {
  const { pinning } = planPinning({ mode: 'auto', allowed: allowedCpus() });
  const pinned = pinning === null || pinningObstacle() !== null ? null : pinning;
  const driver = new LoadDriver(pinned?.generator ?? null);
  const results: Round[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`round ${round + 1} of ${rounds}\n`);
      for (const socket of ['dgram', 'batched'] as const) {
        results.push(
          ...(await measureSocket(socket, {
            driver,
            seconds,
            seed: round + 1,
            cpus: pinned?.target ?? null,
          })),
        );
      }
    }
  } finally {
    driver.stop();
  }
  const machine = readMachine(
    pinned === null ? null : { server: pinned.target, generator: pinned.generator },
  );
  const text = [
    `${rounds} rounds of ${seconds} s a load, ${new Date().toISOString().slice(0, 16)}Z, on ${machine.cpu}, ${machine.kernel}, Node.js ${machine.node}${pinned === null ? ', not pinned' : ', tracker and generator pinned to a core each'}.`,
    tableOf(results),
  ].join('\n\n');
  process.stdout.write(`${text}\n`);
  if (write !== null) writeFileSync(write, fillDocument(readFileSync(write, 'utf8'), { capacity: text }));
}

async function measureSocket(
  socket: Load['socket'],
  { driver, seconds, seed, cpus }: { driver: LoadDriver; seconds: number; seed: number; cpus: string | null },
): Promise<Round[]> {
  const server = await startOwnServer({ flags: ['--socket', socket], cpus });
  try {
    const drive = (ratePerSecond: number): Promise<LoadFigures> =>
      driver.load({
        port: server.port,
        serverPid: server.pid,
        workers: WORKERS,
        hashes: HASHES,
        hashesPerWorker: 5,
        ratePerSecond,
        warmupMs: 700,
        durationMs: seconds * 1e3,
        timeoutMs: TIMEOUT_MS,
      });
    const saturated = await drive(0);
    if (saturated.serverCpuNs === null || saturated.answered === 0)
      throw new Error('no CPU time of the tracker');
    const serviceNs = saturated.serverCpuNs / saturated.answered;
    const rounds: Round[] = [];
    for (const load of loads.filter((one) => one.socket === socket)) {
      // The generator's grid has whole requests a second.
      const ratePerSecond = Math.round((load.multiple * 1e9) / serviceNs);
      // Said before it is measured.
      const model = simulateSteady({
        ratePerSecond,
        serviceNs,
        servers: 1,
        bufferDatagrams: datagramsIn(server.receiveBufferBytes),
        seed,
      });
      rounds.push({
        load,
        quantities: quantitiesOf(model, serviceNs, await drive(ratePerSecond), load.multiple),
      });
    }
    return rounds;
  } finally {
    await server.stop();
  }
}

function parseOptions(argv: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...argv], options: { rounds: text, seconds: text, write: text } });
  const positive = (name: 'rounds' | 'seconds', fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, got "${values[name]}"`);
    return value;
  };
  return { rounds: positive('rounds', 3), seconds: positive('seconds', 4), write: values.write ?? null };
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
