import { execa } from 'execa';
import { z } from 'zod';
import { builtEntry } from '../../package-root.ts';
import type { ClinicRecord } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';

const ANALYSIS_TIMEOUT_MS: Milliseconds = 30_000;
/** An analysis is some hundred bytes. */
const MOST_ISSUES = 32;

const analysisSchema = z.object({ issueCategory: z.string(), issues: z.record(z.string(), z.unknown()) });

/**
 * Doctor's verdict on the data that it has collected, in its own words; null where it cannot be had.
 *
 * @param doctorEntry - entry file of @clinic/doctor
 * @param dataFolder - `….clinic-doctor`
 */
export async function readDoctorVerdict(
  doctorEntry: string,
  dataFolder: string,
): Promise<ClinicRecord['verdict']> {
  const { stdout } = await execa(
    process.execPath,
    [builtEntry('lab/clinic/doctor-verdict.js'), doctorEntry, dataFolder],
    { reject: false, stdin: 'ignore', stderr: 'ignore', timeout: ANALYSIS_TIMEOUT_MS, killSignal: 'SIGKILL' },
  );
  return parseAnalysis(stdout);
}

/** Issues within issues become `memory.rss`. Pure; null where the text is no analysis. */
export function parseAnalysis(text: string): ClinicRecord['verdict'] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = analysisSchema.safeParse(value);
  if (!parsed.success) return null;
  const { issueCategory, issues } = parsed.data;
  return { issueCategory, issues: Object.fromEntries(flatten(issues, '').slice(0, MOST_ISSUES)) };
}

function flatten(value: unknown, name: string): [string, string][] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) =>
      flatten(inner, name === '' ? key : `${name}.${key}`),
    );
  }
  return [[name, String(value)]];
}
