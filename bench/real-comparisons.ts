/**
 * Whether `lab compare` holds what it says, on this machine: our tracker against itself several times, and against itself with
 * a planted slowdown. `npm run bench:compare`; about 12 minutes alone on the machine. Ends in 1 where an equal build was called
 * worse or better or had too few valid runs for a verdict, or the plant was not found.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { Comparison, MetricComparison } from '../src/analyze/compare/comparison-schema.ts';
import { formatChange } from '../src/analyze/report/format.ts';
import { builtEntry, packageRoot } from '../src/package-root.ts';

const { values: flags } = parseArgs({
  options: {
    /** Comparisons of equal builds. */
    equal: { type: 'string', default: '8' },
    /** Runs a side. */
    repeat: { type: 'string', default: '6' },
    duration: { type: 'string', default: '5s' },
    /** Rounds of arithmetic a datagram; 500 are about a tenth of a request's CPU. */
    rounds: { type: 'string', default: '500' },
    port: { type: 'string', default: '7391' },
  },
});

const shown = ['requestsPerSecond', 'p50Ns', 'p95Ns', 'cpuMicrosecondsPerRequest'] as const;

async function compare(out: string, sideB: readonly string[]): Promise<Comparison> {
  const plant = path.join(packageRoot, 'test/fixtures/planted/cost-per-reply.mjs');
  const tracker = `node --import ${plant} ${builtEntry('tracker/main.js')} --port ${flags.port} --socket dgram`;
  const { stdout } = await execa(
    process.execPath,
    [
      ...[builtEntry('cli/main.js'), 'compare', '--json', '--quiet', '--out', out, '--repeat', flags.repeat],
      ...['--scenario', 'medium', '--warmup', '500ms', '--duration', flags.duration],
      ...['--profile-duration', '0s', '--target', `udp://127.0.0.1:${flags.port}`, '--exec', tracker],
      ...sideB,
    ],
    // 10: a figure got worse, which is what is looked for.
    { reject: false, stderr: 'inherit' },
  );
  return JSON.parse(stdout) as Comparison;
}

function row(name: string, { metrics, verdict, reason, sides }: Comparison): string {
  const valid = (side: 'a' | 'b') => sides[side].runs.filter(({ excluded }) => excluded === null).length;
  const cells = shown.map((metric) => {
    const found = metrics.find((one) => one.metric === metric) as MetricComparison;
    return found.change === null ? 'not measured' : formatChange(found.change);
  });
  return `| ${[name, `${valid('a')} and ${valid('b')}`, ...cells, `${verdict} (${reason})`].join(' | ')} |`;
}

const out = mkdtempSync(path.join(tmpdir(), 'tracker-lab-compare-'));
let failed = false;
try {
  process.stdout.write('| sides | valid runs | RPS | P50 | P95 | CPU per request | verdict |\n');
  process.stdout.write('| ----- | ---------- | --: | --: | --: | --------------: | ------- |\n');
  for (let index = 1; index <= Number(flags.equal); index++) {
    const comparison = await compare(path.join(out, `equal-${index}`), []);
    // Without any verdict nothing was shown of it.
    failed ||=
      comparison.metrics.some(({ verdict }) => verdict === 'worse' || verdict === 'better') ||
      !comparison.metrics.some(({ verdict }) => verdict === 'no difference shown');
    process.stdout.write(`${row(`equal ${index}`, comparison)}\n`);
  }
  const planted = await compare(path.join(out, 'planted'), ['--b', `--env PLANTED_ROUNDS=${flags.rounds}`]);
  failed ||= planted.verdict !== 'worse';
  process.stdout.write(`${row(`${flags.rounds} rounds`, planted)}\n`);
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
