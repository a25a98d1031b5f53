/**
 * The benchmark: our tracker, generator, analyser and profilers beside what they are held against, in one session and in
 * turn, on cores of their own.
 *
 * Goals: figures that can be compared within one run, with their spread. Not a goal: figures that hold on another machine.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ExitCode } from '../src/errors.ts';
import { allowedCpus, pinningObstacle, planPinning } from '../src/lab/target/pinning.ts';
import { packageRoot, packageVersion } from '../src/package-root.ts';
import type { BenchContext } from './context.ts';
import { LoadDriver } from './load/load-driver.ts';
import { programVersion, readMachine } from './machine.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { measureAnalysis } from './parts/analysis.ts';
import { measureExpiry } from './parts/expiry.ts';
import { measureGenerator } from './parts/generator.ts';
import { measureGrowth } from './parts/growth.ts';
import { measureMemory } from './parts/memory.ts';
import { measureProfilers } from './parts/profilers.ts';
import { measureRedisStore } from './parts/redis-store.ts';
import { measureTrackers } from './parts/trackers.ts';
import { fillDocument } from './report/document.ts';
import { sectionsOf } from './report/tables.ts';
import type { BenchResult, Machine, PartName, PartResult } from './results.ts';

const parts: Readonly<Record<PartName, (context: BenchContext) => Promise<PartResult>>> = {
  trackers: measureTrackers,
  generator: measureGenerator,
  memory: measureMemory,
  growth: measureGrowth,
  expiry: measureExpiry,
  analysis: measureAnalysis,
  profilers: measureProfilers,
  'redis-store': measureRedisStore,
};

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  let result = earlier(options);
  if (!options.renderOnly) result = await measure(options, result);
  if (result === null) throw new Error(`there is no result to show (${options.json ?? 'no --json'})`);
  const sections = sectionsOf(result);
  for (const name of ['machine', ...options.parts, 'goals'] as const) {
    process.stdout.write(`\n${name}\n\n${sections[name]}\n`);
  }
  if (options.write !== null) {
    writeFileSync(options.write, fillDocument(readFileSync(options.write, 'utf8'), sections));
  }
}

/** The result in the file, to be added to; null where there is none. */
function earlier({ json }: BenchOptions): BenchResult | null {
  return json !== null && existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as BenchResult) : null;
}

async function measure(options: BenchOptions, before: BenchResult | null): Promise<BenchResult> {
  const pinning = choosePinning();
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'tracker-lab-bench-'));
  const cache = path.join(packageRoot, 'node_modules/.cache/tracker-lab-bench');
  mkdirSync(cache, { recursive: true });
  const load = new LoadDriver(pinning?.generator ?? null);
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const context: BenchContext = {
    ...options,
    load,
    pinning,
    scratch,
    cache,
    tell: (text) => process.stderr.write(`${text}\n`),
  };
  let result: BenchResult = {
    schemaVersion: 1,
    takenAt: new Date().toISOString(),
    machine: readMachine(pinning),
    versions: versions(),
    parts: before?.parts ?? {},
  };
  try {
    for (const name of options.parts) {
      const startMs = performance.now();
      context.tell(`${name} …`);
      const part = await parts[name](context);
      context.tell(`${name}: ${((performance.now() - startMs) / 1e3).toFixed(0)} s`);
      result = { ...result, parts: { ...result.parts, [name]: part } };
      // After every part: what a later one costs must not be lost with it.
      if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
    }
  } finally {
    load.stop();
  }
  return result;
}

function choosePinning(): Machine['pinning'] {
  const { pinning } = planPinning({ mode: 'auto', allowed: allowedCpus() });
  if (pinning === null || pinningObstacle() !== null) return null;
  // One core each, also where there are more: what is compared must not differ in the cores that it has.
  const first = (list: string): string => /^\d+/.exec(list)?.[0] ?? list;
  return { server: first(pinning.target), generator: first(pinning.generator) };
}

function versions(): Record<string, string> {
  const found = {
    'tracker-lab': packageVersion,
    gcc: programVersion('gcc', ['--version']),
    Go: programVersion('go', ['version']),
  };
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

// With 'exit' the processes that were started end, too; a signal alone would leave them.
for (const [signal, code] of [
  ['SIGINT', ExitCode.interrupted],
  ['SIGTERM', ExitCode.terminated],
] as const) {
  process.once(signal, () => process.exit(code));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Whatever still holds the event loop has served its purpose.
process.exit();
