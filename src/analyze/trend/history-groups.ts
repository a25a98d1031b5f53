/** The history by scenario, load and tracker, with its change points and trends. Pure. */
import type { History } from '../history.ts';
import type { MemoryTrend } from '../memory-series.ts';
import type { HistoryRow } from '../report/report-schema.ts';
import { assessTrends } from '../report/trends.ts';
import { isOtherEnvironment } from '../same-environment.ts';
import { median } from '../series.ts';
import { changePoints } from '../statistics/change-points.ts';
import {
  type FigureChange,
  type HistoryGroup,
  type TrendFigure,
  trendFigures,
  type VersionFigures,
} from './history-schema.ts';

/** Rows looked at for changes: permutations over more would take seconds. */
const MOST_ROWS = 100;

/**
 * @param trendOf - the memory trend of a run, which the history does not keep; null where it cannot be had
 */
export function historyGroups(
  history: History,
  trendOf: (runId: string) => MemoryTrend | null,
): HistoryGroup[] {
  const groups = new Map<string, HistoryRow[]>();
  for (const row of history.rows) {
    const { scenario, concurrency, ratePerSecond, trackerName, trackerWorkers = 1 } = row;
    const key = JSON.stringify([scenario, concurrency, ratePerSecond, trackerName, trackerWorkers]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [row]);
    else known.push(row);
  }
  return [...groups.values()].map(function describeGroup(rows) {
    const newest = rows.at(-1) as HistoryRow;
    const { scenario, concurrency, ratePerSecond, trackerName } = newest;
    const counted = rows.filter((row) => row.valid && !row.partial && !isOtherEnvironment(newest, row));
    return {
      scenario,
      concurrency,
      ratePerSecond,
      trackerName,
      rows,
      versions: versionFigures(counted),
      changes: figureChanges(counted),
      trends: assessTrends(
        newest,
        counted.filter((row) => row !== newest),
        trendOf(newest.runId),
      ),
    };
  });
}

/** Medians by the tracker's version, in order of their first runs. */
function versionFigures(rows: readonly HistoryRow[]): VersionFigures[] {
  const byVersion = new Map<string | null, HistoryRow[]>();
  for (const row of rows) {
    const known = byVersion.get(row.trackerVersion);
    if (known === undefined) byVersion.set(row.trackerVersion, [row]);
    else known.push(row);
  }
  return [...byVersion].map(([trackerVersion, own]) => ({
    trackerVersion,
    runs: own.length,
    firstStartedAt: (own[0] as HistoryRow).startedAt,
    lastStartedAt: (own.at(-1) as HistoryRow).startedAt,
    requestsPerSecond: medianOf(own, 'requestsPerSecond'),
    p95Ns: medianOf(own, 'p95Ns'),
    cpuMicrosecondsPerRequest: medianOf(own, 'cpuMicrosecondsPerRequest'),
  }));
}

function medianOf(rows: readonly HistoryRow[], figure: TrendFigure): number | null {
  return median(rows.map((row) => row[figure]).filter((value) => value !== null));
}

/**
 * Where a figure changed its level.
 *
 * @param rows - valid whole runs of one machine, oldest first
 */
export function figureChanges(rows: readonly HistoryRow[]): FigureChange[] {
  const recent = rows.slice(-MOST_ROWS);
  return trendFigures
    .flatMap((figure) => {
      const known = recent.flatMap((row) => {
        const value = row[figure];
        return value === null ? [] : [{ row, value }];
      });
      const values = known.map(({ value }) => value);
      const found = changePoints(values);
      return found.map(({ index, p }, position): FigureChange => {
        const { row } = known[index] as (typeof known)[number];
        const from = found[position - 1]?.index ?? 0;
        const to = found[position + 1]?.index ?? values.length;
        return {
          figure,
          runId: row.runId,
          startedAt: row.startedAt,
          trackerVersion: row.trackerVersion,
          before: median(values.slice(from, index)) as number,
          after: median(values.slice(index, to)) as number,
          p,
        };
      });
    })
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
}
