/** Whether two runs were measured under the same circumstances. Pure. */
import type { Environment } from '../run.ts';
import type { HistoryRow } from './report/report-schema.ts';

/** What of the environment decides whether two runs can be compared. */
type EnvironmentRecord = NonNullable<HistoryRow['environment']>;

/** A part that differs. */
interface ChangedPart {
  readonly name: string;
  readonly now: string;
  readonly before: string;
}

/** The part of an environment that the history keeps. */
export function environmentRecord(environment: Environment): EnvironmentRecord {
  const { cpuModel, cpuCount, kernel, labNodeVersion, pinning } = environment;
  return {
    cpuModel,
    cpuCount,
    kernel,
    nodeVersion: labNodeVersion,
    pinning: pinning === null ? null : `${pinning.target}:${pinning.generator}`,
  };
}

const names: Readonly<Record<keyof EnvironmentRecord, string>> = {
  cpuModel: 'the CPU',
  cpuCount: 'the number of cores',
  kernel: 'the kernel',
  nodeVersion: 'Node.js',
  pinning: 'the pinning (tracker:generator)',
};

/** What differs from an earlier record; null where there is no earlier record. */
export function changedParts(
  environment: Environment,
  before: HistoryRow['environment'],
): readonly ChangedPart[] | null {
  return differences(environmentRecord(environment), before);
}

/** Whether both rows tell their environment and it is not the same. */
export function isOtherEnvironment(row: HistoryRow, other: HistoryRow): boolean {
  return row.environment !== undefined && (differences(row.environment, other.environment) ?? []).length > 0;
}

function differences(
  now: EnvironmentRecord,
  before: HistoryRow['environment'],
): readonly ChangedPart[] | null {
  if (before === undefined) return null;
  return (Object.keys(names) as (keyof EnvironmentRecord)[])
    .filter((part) => now[part] !== before[part])
    .map((part) => ({
      name: names[part],
      now: String(now[part] ?? 'none'),
      before: String(before[part] ?? 'none'),
    }));
}
