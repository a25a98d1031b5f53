/** How long the analyser takes: for a large profile against `go tool pprof`, and from a load's end to its report. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtEntry } from '../../src/package-root.ts';
import { type BenchContext, interleave, type Trial } from '../context.ts';
import type { PartResult, Sample, Skip } from '../results.ts';
import { largeProfile } from './large-profile.ts';

/** Together about 10 MB, gzipped. */
const SAMPLES = 208_000;
const SEED = 1;

export const OUR_ANALYSER = 'tracker-lab analyze';
export const GO_PPROF = 'go tool pprof -top';
export const LARGE_PROFILE = 'Top-10 of a large profile';
export const REPORT = 'from the end of the load to the report';

export async function measureAnalysis(context: BenchContext): Promise<PartResult> {
  const { rounds, scratch, smoke, tell } = context;
  const file = path.join(scratch, 'large.pb.gz');
  writeFileSync(file, largeProfile(smoke ? 2_000 : SAMPLES, SEED));
  const main = builtEntry('cli/main.js');
  const trials: Trial[] = [
    {
      subject: OUR_ANALYSER,
      condition: LARGE_PROFILE,
      run: () => timed([process.execPath, main, 'analyze', file, '--count', '10']),
    },
  ];
  const skipped: Skip[] = [];
  const goMissing = goObstacle(file);
  if (goMissing === null) {
    const command = ['go', 'tool', 'pprof', '-top', '-nodecount=10', '-symbolize=none', file];
    trials.push({ subject: GO_PPROF, condition: LARGE_PROFILE, run: () => timed(command) });
  } else {
    skipped.push({ subject: GO_PPROF, reason: goMissing });
  }
  trials.push({ subject: OUR_ANALYSER, condition: REPORT, run: () => timeToReport(main, context) });
  return {
    takenAt: new Date().toISOString(),
    rounds,
    seconds: 0,
    smoke,
    cells: await interleave(rounds, trials, tell),
    skipped,
    notes: [`The large profile has ${(statSync(file).size / 1e6).toFixed(1)} MB, gzipped.`],
  };
}

/** Once, so that Go has built its tool before it is measured. */
function goObstacle(file: string): string | null {
  try {
    execFileSync('go', ['tool', 'pprof', '-top', '-nodecount=10', file], { stdio: 'pipe' });
    return null;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing
      ? 'Go is not installed'
      : `go tool pprof failed: ${(error as Error).message.slice(0, 200)}`;
  }
}

/** Wall and CPU time of a command, as bash tells them. */
async function timed(command: readonly string[]): Promise<Sample> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" > /dev/null 2> /dev/null';
  const child = spawn('bash', ['-c', script, 'bash', ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with exit code ${exitCode}`);
  const [wallS, userS, systemS] = text.trim().split(/\s+/).map(Number) as [number, number, number];
  return { wallMs: wallS * 1e3, cpuMs: (userS + systemS) * 1e3 };
}

/** A run as a person starts it. Its first phase is told on stderr; from there the run's own clock knows the load's end. */
async function timeToReport(main: string, { scratch, smoke }: BenchContext): Promise<Sample> {
  const out = path.join(scratch, `runs-${process.hrtime.bigint()}`);
  const length = smoke
    ? ['--warmup', '200ms', '--duration', '300ms', '--profile-duration', '500ms', '--concurrency', '20']
    : ['--warmup', '1s', '--duration', '2s', '--profile-duration', '4s'];
  const child = spawn(process.execPath, [main, '--scenario', 'heavy', ...length, '--out', out], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let beganMs: number | null = null;
  let shownMs: number | null = null;
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    if (part.includes('Phase: warm-up')) beganMs ??= performance.now();
  });
  child.stdout.on('data', () => {
    shownMs = performance.now();
  });
  await once(child, 'close');
  const folder = readdirSync(out).find((name) => name.includes('heavy'));
  if (beganMs === null || shownMs === null || folder === undefined) throw new Error('the run left no report');
  const run = JSON.parse(readFileSync(path.join(out, folder, 'run.json'), 'utf8')) as {
    phases: { startMs: number; endMs: number }[];
  };
  const loadMs = (run.phases.at(-1)?.endMs ?? 0) - (run.phases[0]?.startMs ?? 0);
  return { wallMs: shownMs - beganMs - loadMs };
}
