/** Runs the lab on a planted tracker and hands back what it says. */
import path from 'node:path';
import { execa } from 'execa';
import { type Report, reportSchema } from '../../src/analyze/report/report-schema.ts';
import { commonLoad, type Plant } from './plant.ts';
import { plantCommand } from './plant-command.ts';

/** What the score needs of a report. */
export interface Diagnosis {
  readonly valid: boolean;
  /** What voided the run; null of a valid one. */
  readonly invalidBecause: string | null;
  readonly findings: Report['findings'];
  /** The run's folder. */
  readonly runFolder: string;
}

interface DiagnoseOptions {
  readonly root: string;
  readonly binaries: string;
  readonly scale: number;
  /** Where the run goes. */
  readonly out: string;
  /** Flags of the lab that win over the plant's. */
  readonly flags?: readonly string[];
}

const INVALID_RUN = 11;
/** The longest run has 16 s of phases. */
const TIMEOUT_MS = 90_000;

/** @throws Error where the lab ended with another code than 0 and 11, or left no report */
export async function diagnose(plant: Plant, options: DiagnoseOptions): Promise<Diagnosis> {
  const { root, out, flags = [] } = options;
  const target = plant.runtime === 'own' ? [] : await targetFlags(plant, options);
  const load = [...commonLoad, ...(plant.load ?? []), ...flags];
  return labSays(root, [...target, ...load, '--out', out, '--json', '--quiet'], out);
}

/**
 * What the lab as it is now says of an earlier run.
 * @throws Error as {@link diagnose}
 */
export async function diagnoseAgain(root: string, runFolder: string): Promise<Diagnosis> {
  return labSays(root, ['analyze', runFolder, '--json'], path.dirname(runFolder));
}

async function labSays(root: string, words: readonly string[], out: string): Promise<Diagnosis> {
  const entry = path.join(root, 'dist/cli/main.js');
  const ended = await execa(process.execPath, [entry, ...words], {
    cwd: root,
    reject: false,
    timeout: TIMEOUT_MS,
    forceKillAfterDelay: 10_000,
  });
  if (ended.exitCode !== 0 && ended.exitCode !== INVALID_RUN) {
    throw new Error(`the lab ended with ${ended.exitCode ?? ended.signal}: ${ended.stderr.slice(-2000)}`);
  }
  const report = reportSchema.parse(JSON.parse(ended.stdout));
  const failures = report.validity.checks.flatMap(({ failure }) => failure ?? []);
  return {
    valid: report.valid,
    invalidBecause: report.valid ? null : failures.join(', and '),
    findings: report.findings,
    runFolder: path.join(out, report.runId),
  };
}

async function targetFlags(plant: Plant, options: DiagnoseOptions): Promise<string[]> {
  const { words, environment, port, pprofPort } = await plantCommand(plant, options);
  return [
    ...['--target', `udp://127.0.0.1:${port}`, '--exec', words.map((word) => `"${word}"`).join(' ')],
    ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(pprofPort === null ? [] : ['--pprof', `http://127.0.0.1:${pprofPort}/debug/pprof`]),
  ];
}
