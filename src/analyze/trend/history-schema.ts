/** What `lab history --json` prints. Published as JSON Schema in `schemas/history.schema.json`. */
import { z } from 'zod';
import { assessmentSchema, historyRowSchema } from '../report/report-schema.ts';

const number = z.number();
const text = z.string();

/** Figures of a row in which a change is looked for. */
export const trendFigures = ['requestsPerSecond', 'p95Ns', 'cpuMicrosecondsPerRequest'] as const;
export type TrendFigure = (typeof trendFigures)[number];

const figureChangeSchema = z
  .object({
    figure: z.enum(trendFigures),
    /** The first run behind the change. */
    runId: text,
    startedAt: text,
    trackerVersion: text.nullable(),
    /** Medians of the runs between this change and its neighbours. */
    before: number,
    after: number,
    /** Of the permutation test. */
    p: number,
  })
  .meta({ id: 'FigureChange' });

const versionFiguresSchema = z
  .object({
    trackerVersion: text.nullable(),
    /** Valid whole runs of the newest run's machine. */
    runs: number,
    firstStartedAt: text,
    lastStartedAt: text,
    /** Medians of those runs; null where none has the figure. */
    requestsPerSecond: number.nullable(),
    p95Ns: number.nullable(),
    cpuMicrosecondsPerRequest: number.nullable(),
  })
  .meta({ id: 'VersionFigures' });

const historyGroupSchema = z
  .object({
    scenario: text,
    concurrency: number,
    ratePerSecond: number,
    trackerName: text,
    /** Oldest first. */
    rows: z.array(historyRowSchema.meta({ id: 'HistoryRow' })),
    /** By the tracker's version, in order of their first runs. */
    versions: z.array(versionFiguresSchema),
    /** Over the valid whole runs of the newest run's machine; oldest first. */
    changes: z.array(figureChangeSchema),
    /** Of the newest run against the valid ones before it on its machine. */
    trends: z.array(assessmentSchema),
  })
  .meta({ id: 'HistoryGroup' });

export const historySchema = z.object({
  schemaVersion: z.literal(1),
  /** By scenario, load and tracker. */
  groups: z.array(historyGroupSchema),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type FigureChange = DeepReadonly<z.infer<typeof figureChangeSchema>>;
export type VersionFigures = DeepReadonly<z.infer<typeof versionFiguresSchema>>;
export type HistoryGroup = DeepReadonly<z.infer<typeof historyGroupSchema>>;
export type HistoryDocument = DeepReadonly<z.infer<typeof historySchema>>;
