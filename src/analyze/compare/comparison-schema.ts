/**
 * The content of comparison.json. Published as JSON Schema in `schemas/comparison.schema.json`. Side `a` is the one before,
 * `b` the one after: a change is of `b` against `a`, as a share (0.1 is a tenth more).
 */
import { z } from 'zod';
import { metricIds } from './comparison-metrics.ts';

export const COMPARISON_SCHEMA_VERSION = 1;

const number = z.number();
const text = z.string();

const verdicts = [
  'better',
  'worse',
  'no difference shown',
  'not enough runs',
  'not comparable',
  'not measured',
] as const;
export type Verdict = (typeof verdicts)[number];

const sideSchema = z
  .object({
    label: text,
    tracker: text,
    runs: z.array(
      z.object({
        runId: text,
        startedAt: text,
        /** Why it is left out; null: it counts. */
        excluded: text.nullable(),
      }),
    ),
  })
  .meta({ id: 'Side' });

const spreadSchema = z.object({ median: number, min: number, max: number }).meta({ id: 'Spread' });

const metricSchema = z
  .object({
    metric: z.enum(metricIds),
    label: text,
    moreIsBetter: z.boolean(),
    /** By run, in order of their start; runs that did not measure it are left out. */
    values: z.object({ a: z.array(number), b: z.array(number) }),
    a: spreadSchema.nullable(),
    b: spreadSchema.nullable(),
    /** Of the medians; null where one is missing or `a` is 0. */
    change: number.nullable(),
    /** 95 % bootstrap interval of the change. */
    interval: z.object({ low: number, high: number }).nullable(),
    mannWhitney: z
      .object({
        u: number,
        p: number,
        method: z.enum(['exact', 'normal']),
        /** Adjusted for all figures that were tested (Holm). */
        pAdjusted: number,
      })
      .nullable(),
    /** -1 to 1: below 0, values of `b` tend to be the smaller ones. */
    cliffsDelta: number.nullable(),
    /** How much two runs of one side that follow each other differ, as a share; null: too few runs. */
    noise: number.nullable(),
    /** A smaller change is never called one. */
    leastChange: number.nullable(),
    verdict: z.enum(verdicts),
    reason: text,
  })
  .meta({ id: 'MetricComparison' });

/** Equal sides of four lie apart by chance in 2 of 70 orders; of fewer, too often to mean anything. */
export const LEAST_RUNS_APART = 4;

const changedFunctionSchema = z
  .object({
    functionName: text,
    file: text,
    a: spreadSchema,
    b: spreadSchema,
    /** Of the medians, per request. */
    change: number,
    /** Null where `a` is 0. */
    changeShare: number.nullable(),
    /** Four runs a side or more, and none of one side is within the range of the other. */
    apart: z.boolean(),
  })
  .meta({ id: 'ChangedFunction' });

const functionChangesSchema = z
  .object({
    unit: z.enum(['nanoseconds', 'bytes']),
    /** Runs with such a profile. */
    runs: z.object({ a: number, b: number }),
    /** Every cost charged to the nearest application function; the largest change first. */
    charged: z.array(changedFunctionSchema),
    self: z.array(changedFunctionSchema),
  })
  .meta({ id: 'FunctionChanges' });

export const comparisonSchema = z.object({
  schemaVersion: z.literal(COMPARISON_SCHEMA_VERSION),
  verdict: z.enum(verdicts),
  reason: text,
  scenario: text,
  sides: z.object({ a: sideSchema, b: sideSchema }),
  /** Neighbouring runs of different sides, in order of time, each run in one pair at most. */
  interleavedPairs: number,
  /** What the runs do not have in common. `bars`: there is no verdict because of it. */
  differences: z.array(z.object({ name: text, a: text, b: text, bars: z.boolean() })),
  metrics: z.array(metricSchema),
  functions: z.object({
    cpu: functionChangesSchema.nullable(),
    allocations: functionChangesSchema.nullable(),
  }),
  notes: z.array(text),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Comparison = DeepReadonly<z.infer<typeof comparisonSchema>>;
export type MetricComparison = DeepReadonly<z.infer<typeof metricSchema>>;
export type FunctionChanges = DeepReadonly<z.infer<typeof functionChangesSchema>>;
export type ChangedFunction = DeepReadonly<z.infer<typeof changedFunctionSchema>>;
export type ComparedSide = DeepReadonly<z.infer<typeof sideSchema>>;
