/** The one entry of the exporters: a run's folder in, a text in a format of somebody else's tool out. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../errors.ts';
import type { ProfileKind } from '../../run.ts';
import { analyzeRun } from '../analyze.ts';
import { valueIndexOf } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile, profileOf } from '../evidence.ts';
import { loadRun } from '../load-run.ts';
import { type Report, reportSchema } from '../report/report-schema.ts';
import { readRunFile } from '../run-file.ts';
import { benchFormat } from './bench-format.ts';
import { checksOf } from './check-list.ts';
import { type CpuProfile, cpuProfile } from './cpu-profile.ts';
import { csvTable } from './csv.ts';
import type { ExportFormat } from './export-formats.ts';
import { foldedStacks } from './folded.ts';
import { githubAnnotations, githubSummary } from './github-actions.ts';
import { hdrPercentiles } from './hdr-percentiles.ts';
import { junitXml } from './junit.ts';
import { openMetrics } from './openmetrics.ts';
import { speedscopeFile } from './speedscope.ts';
import { thresholdChecks } from './threshold-checks.ts';

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Which profile; absent: all of them in `speedscope`, else the CPU profile, or perf's where there is no other. */
  readonly profile?: ProfileKind;
  /** Program and version, for formats that name their maker. */
  readonly exporter: string;
}

export interface Exported {
  readonly text: string;
  /** What the format cannot say of itself, for the operator; null where there is nothing. */
  readonly remark: string | null;
  /** Markdown for the job summary of GitHub Actions; only of `gha`. */
  readonly summary?: string;
}

/** Value types that a profile opens with, in order of preference. */
const preferredTypes = ['cpu', 'wall', 'alloc_space', 'inuse_space', 'delay'];

/**
 * @param directory - the run's folder; where it has no report.json that can be read it is analysed first
 * @throws LabError as `loadRun` and `analyzeRun`, `NO_SUCH_PROFILE`, `NOT_A_TIME`, `NO_LATENCY`
 */
export async function exportRun(directory: string, options: ExportOptions): Promise<Exported> {
  const { format, exporter } = options;
  const readText = (name: string): string => readRunFile(directory, name).toString('utf8');
  switch (format) {
    case 'speedscope': {
      const evidence = loadRun(directory);
      const profiles = options.profile === undefined ? evidence.profiles : [wantedProfile(evidence, options)];
      if (profiles.length === 0) throw noSuchProfile(evidence, undefined);
      return plain(speedscopeFile(profiles, { name: evidence.run.runId, exporter }));
    }
    case 'cpuprofile': {
      const { profile } = wantedProfile(loadRun(directory), options);
      const valueIndex = valueIndexOf(profile, ...preferredTypes);
      return plain(`${JSON.stringify(cpuProfile(profile, { valueIndex }))}\n`);
    }
    case 'folded': {
      const { profile } = wantedProfile(loadRun(directory), options);
      const valueIndex = valueIndexOf(profile, ...preferredTypes);
      const { type = '', unit = '' } = profile.valueTypes[valueIndex] ?? {};
      return {
        text: foldedStacks(profile, valueIndex),
        remark: `The values are ${type} in ${unit} (flamegraph.pl --countname ${unit}).`,
      };
    }
    case 'hdr':
      return plain(hdrPercentiles(loadRun(directory, { profiles: false }).run, 'clean', readText));
    case 'csv': {
      const report = await reportOf(directory);
      return plain(csvTable(report, loadRun(directory, { profiles: false }).timeline));
    }
    case 'benchfmt':
      return plain(benchFormat(await reportOf(directory)));
    case 'openmetrics':
      return plain(openMetrics(await reportOf(directory)));
    case 'junit': {
      const report = await reportOf(directory);
      return plain(junitXml(report, checksOf(report, thresholdChecks(directory))));
    }
    case 'gha': {
      const report = await reportOf(directory);
      const checks = checksOf(report, thresholdChecks(directory));
      return {
        text: githubAnnotations(report, checks),
        remark: null,
        summary: githubSummary(report, checks),
      };
    }
  }
}

/**
 * The CPU profile of a run's folder (perf's where there is no other) as 0x reads it: lines count from 1, for it prints
 * them as they are.
 *
 * @throws LabError as {@link exportRun}
 */
export function cpuProfileForZeroX(directory: string): CpuProfile {
  const { profile } = wantedProfile(loadRun(directory), {});
  const valueIndex = valueIndexOf(profile, ...preferredTypes);
  return cpuProfile(profile, { valueIndex, firstLine: 1 });
}

function plain(text: string): Exported {
  return { text, remark: null };
}

function wantedProfile(evidence: Evidence, { profile }: Pick<ExportOptions, 'profile'>): LoadedProfile {
  const found = profile === undefined ? cpuProfileOf(evidence) : profileOf(evidence, profile);
  if (found === null) throw noSuchProfile(evidence, profile);
  return found;
}

function noSuchProfile({ run }: Evidence, wanted: ProfileKind | undefined): LabError {
  const there = run.profiles.map(({ kind }) => kind).join(', ');
  const why = run.missingProfiles.find(({ kind }) => kind === (wanted ?? 'cpu'))?.reason;
  return new LabError({
    code: 'NO_SUCH_PROFILE',
    message: `the run ${run.runId} has no ${wanted ?? 'CPU'} profile${why === undefined ? '' : ` (${why})`}`,
    hint: there === '' ? 'measure again with a profiled phase' : `it has ${there}: choose with --profile`,
  });
}

/** report.json as it stands, or made anew where it is missing or of another version. */
async function reportOf(directory: string): Promise<Report> {
  const file = path.join(directory, 'report.json');
  if (existsSync(file)) {
    const parsed = reportSchema.safeParse(parseJson(readRunFile(directory, 'report.json').toString('utf8')));
    if (parsed.success) return parsed.data;
  }
  return (await analyzeRun(directory)).report;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
