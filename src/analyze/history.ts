/** profiles/history.jsonl: one line a run, to compare runs that are days apart. */
import { appendFileSync, existsSync, lstatSync } from 'node:fs';
import { cannotWrite } from '../cannot-write.ts';
import { LabError } from '../errors.ts';
import { MOST_TEXT_BYTES, readBounded } from '../read-bounded.ts';
import { type HistoryRow, historyRowSchema, type Report } from './report/report-schema.ts';
import { environmentRecord } from './same-environment.ts';

export interface History {
  /** In order of `startedAt`; of two lines with one run id the later in the file counts. */
  readonly rows: readonly HistoryRow[];
  /** Lines that were no row; they are left where they are. */
  readonly brokenLines: number;
}

/** The part of a report that its line is made of. */
type HistorySubject = Pick<
  Report,
  'runId' | 'startedAt' | 'environment' | 'scenario' | 'target' | 'phases' | 'memory' | 'valid' | 'partial'
>;

/** The line of one run. Pure. */
export function historyRow(report: HistorySubject): HistoryRow {
  const { clean } = report.phases;
  return {
    schemaVersion: 1,
    runId: report.runId,
    startedAt: report.startedAt,
    scenario: report.scenario.name,
    concurrency: report.scenario.concurrency,
    ratePerSecond: report.scenario.ratePerSecond,
    durationMs: clean?.durationMs ?? report.scenario.durationMs,
    trackerName: report.target.name,
    trackerVersion: report.target.version,
    ...(report.target.workers === null ? {} : { trackerWorkers: report.target.workers }),
    requestsPerSecond: clean?.requestsPerSecond ?? null,
    p95Ns: clean?.latency?.p95Ns ?? null,
    errorShare: clean?.errorShare ?? null,
    memoryGrowthBytes: report.memory.rss?.growthBytes ?? null,
    cpuMicrosecondsPerRequest: clean?.target.cpuMicrosecondsPerRequest ?? null,
    valid: report.valid,
    partial: report.partial !== null,
    environment: environmentRecord(report.environment),
  };
}

/** Reads the text of a history. Pure; throws nothing. */
export function parseHistory(text: string): History {
  const byRun = new Map<string, HistoryRow>();
  let brokenLines = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const row = parseRow(line);
    if (row === null) brokenLines++;
    else byRun.set(row.runId, row);
  }
  return { rows: [...byRun.values()].sort(byStart), brokenLines };
}

/**
 * Reads a history file; one that is missing is empty.
 *
 * @throws LabError `HISTORY_UNREADABLE`
 */
export function readHistory(file: string): History {
  if (!existsSync(file)) return { rows: [], brokenLines: 0 };
  try {
    return parseHistory(readBounded(file, MOST_TEXT_BYTES).toString('utf8'));
  } catch (cause) {
    throw new LabError({
      code: 'HISTORY_UNREADABLE',
      message: `cannot read ${file} (${cause instanceof Error ? cause.message : String(cause)})`,
      hint: 'make it readable or move it away; a new one begins with the next run',
      exitCode: 1,
      cause,
    });
  }
}

/**
 * Adds the line of a run, after a line break where the last line was cut.
 *
 * @throws LabError `OUT_NOT_WRITABLE`
 */
export function appendHistory(file: string, row: HistoryRow): void {
  try {
    refuseLink(file);
    const isCut = existsSync(file) && /[^\n]$/.test(readBounded(file, MOST_TEXT_BYTES).toString('utf8'));
    appendFileSync(file, `${isCut ? '\n' : ''}${JSON.stringify(row)}\n`);
  } catch (cause) {
    throw cannotWrite(file, cause, 'free some space or make the file writable');
  }
}

/** A link could lead out of the folder of the runs. */
function refuseLink(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) throw new Error('it is a symbolic link');
}

/** The rows that a run is compared with: same scenario, load and tracker, begun before it. */
export function comparableRows(history: History, row: HistoryRow): readonly HistoryRow[] {
  return history.rows.filter(
    (other) =>
      other.runId !== row.runId &&
      other.scenario === row.scenario &&
      other.concurrency === row.concurrency &&
      other.ratePerSecond === row.ratePerSecond &&
      other.trackerName === row.trackerName &&
      (other.trackerWorkers ?? 1) === (row.trackerWorkers ?? 1) &&
      byStart(other, row) < 0,
  );
}

function byStart(a: HistoryRow, b: HistoryRow): number {
  return a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : a.runId < b.runId ? -1 : 1;
}

function parseRow(line: string): HistoryRow | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = historyRowSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
