/**
 * The content of report.json. Published as JSON Schema in `schemas/report.schema.json`.
 *
 * Figures carry their unit at the end of their names; a share is a fraction of 1 (of CPU: of one core). A figure is null
 * where it was not measured; `notMeasured` says why. `schemaVersion` grows with every change that an older reader would
 * misread.
 */
import { z } from 'zod';
import {
  agentsSchema,
  clinicSchema,
  environmentSchema,
  loadThreadSchema,
  missingProfileSchema,
  profileFileSchema,
  scenarioSchema,
  settingSourceSchema,
  targetExitSchema,
  targetSchema,
} from '../../run.ts';
import { ruleIds } from '../finding.ts';
import { patternIds } from '../patterns/pattern.ts';
import { frameClasses } from '../profile/profile.ts';
import { validityCheckNames, validityVerdicts } from '../validity-names.ts';
import { memorySchema, phaseSchema, statusesSchema, statusSchema } from './figure-schemas.ts';
import { whenSlowSchema } from './when-slow-schema.ts';

export const REPORT_SCHEMA_VERSION = 1;

const number = z.number();
const maybe = number.nullable();
const text = z.string();

const valueTypeSchema = z.object({ type: text, unit: text });
const rowHead = { functionName: text, file: text, line: number, class: z.enum(frameClasses) };

const topRowSchema = z
  .object({
    ...rowHead,
    flat: number,
    flatPercent: number,
    sumPercent: number,
    cum: number,
    cumPercent: number,
  })
  .meta({ id: 'TopRow' });

const chargedRowSchema = z
  .object({
    ...rowHead,
    value: number,
    percent: number,
    via: z.array(z.object({ functionName: text, percent: number })),
  })
  .meta({ id: 'ChargedRow' });

const tableOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    valueType: valueTypeSchema,
    total: number,
    durationNs: number,
    rows: z.array(row),
    omittedRows: number,
  });

const topPairSchema = z
  .object({
    profile: profileFileSchema,
    /** The rows of `go tool pprof -top`. */
    raw: tableOf(topRowSchema),
    /** Every cost charged to the nearest application function. */
    charged: tableOf(chargedRowSchema),
  })
  .meta({ id: 'TopPair' });

const evidenceLineSchema = z
  .object({ metric: text, value: number, unit: text, threshold: maybe, source: text })
  .meta({ id: 'EvidenceLine' });

const findingSchema = z
  .object({
    rule: z.enum(ruleIds),
    verdict: z.enum(['found', 'clear', 'insufficient-data']),
    severity: z.enum(['info', 'warning', 'critical']),
    confidence: z.enum(['low', 'medium', 'high']),
    share: maybe,
    subject: z.object({ function: text, file: text.nullable(), line: maybe }).nullable(),
    summary: text,
    evidence: z.array(evidenceLineSchema),
    advice: z.array(text),
  })
  .meta({ id: 'Finding' });

const patternSchema = z
  .object({
    id: z.enum(patternIds),
    statement: text,
    verdict: z.enum(['found', 'clear', 'insufficient-data']),
    told: text,
    evidence: z.array(evidenceLineSchema),
  })
  .meta({ id: 'Pattern' });

/** A statement of the template held against this run. `note`: a figure that is neither yes nor no. */
export const assessmentSchema = z
  .object({
    name: text,
    statement: text,
    answer: z.enum(['yes', 'no', 'unknown', 'note']),
    observed: text,
  })
  .meta({ id: 'Assessment' });

const scenarioFiguresSchema = z.object({
  runId: text,
  scenario: scenarioSchema.shape.name,
  concurrency: number,
  durationMs: number,
  requestsPerSecond: maybe,
  p95Ns: maybe,
  /** Of what the tracker's threads could use. */
  cpuCapacityShare: maybe,
  /** Trend of RSS over the clean phase. */
  memoryBytesPerMinute: maybe,
  status: statusSchema,
  /** Why the run says nothing of how the tracker scales, in a few words; null: it does. */
  notScaling: text.nullable().default(null),
});

/** The Universal Scalability Law over the runs of a suite that say something of the tracker. */
const suiteScalingSchema = z
  .object({
    /** Null where it was not fitted. */
    fit: z
      .object({
        lambda: number,
        sigma: number,
        kappa: number,
        peakWorkers: maybe,
        rSquared: number,
        residuals: z.array(number),
      })
      .nullable(),
    /** Why there is no fit. */
    reason: text.nullable(),
    /** Workers of the runs that it is fitted to, and of those left out. */
    usedWorkers: z.array(number),
    leftOut: z.array(z.object({ workers: number, reason: text })),
  })
  .meta({ id: 'SuiteScaling' });

/** One line of history.jsonl. */
export const historyRowSchema = z.object({
  schemaVersion: z.literal(1),
  runId: text,
  startedAt: text,
  scenario: scenarioSchema.shape.name,
  concurrency: number,
  ratePerSecond: number,
  durationMs: number,
  trackerName: text,
  trackerVersion: text.nullable(),
  /** Absent in lines of older versions, and where the tracker does not tell: as if it were one. */
  trackerWorkers: number.optional(),
  requestsPerSecond: maybe,
  p95Ns: maybe,
  errorShare: maybe,
  memoryGrowthBytes: maybe,
  cpuMicrosecondsPerRequest: maybe,
  /** False: its figures say nothing of the tracker. */
  valid: z.boolean(),
  partial: z.boolean(),
  /** Absent in lines of older versions: not known. */
  environment: z
    .object({
      cpuModel: text,
      cpuCount: number,
      kernel: text,
      nodeVersion: text,
      /** CPU lists `TARGET:GENERATOR`; null: not pinned. */
      pinning: text.nullable(),
    })
    .optional(),
});

const spreadSchema = z.object({ min: number, median: number, max: number });

export const reportSchema = z.object({
  schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
  runId: text,
  suiteId: text.nullable(),
  /** ISO 8601, UTC. */
  startedAt: text,
  /** The run was cut short. */
  partial: z.object({ reason: text }).nullable(),
  /** False: nothing is said of the tracker; `validity` tells why. The same as `validity.valid`. */
  valid: z.boolean(),
  /** A check that is `invalid` makes the run so; `changed` voids only the comparison with earlier runs. */
  validity: z.object({
    valid: z.boolean(),
    checks: z.array(
      z.object({
        check: z.enum(validityCheckNames),
        verdict: z.enum(validityVerdicts),
        reason: text,
        /** What failed, in a few words; null unless `invalid`. */
        failure: text.nullable(),
        evidence: z.array(evidenceLineSchema),
      }),
    ),
  }),
  environment: environmentSchema,
  target: targetSchema,
  targetExit: targetExitSchema.nullable(),
  scenario: scenarioSchema,
  settingSources: z.record(z.string(), settingSourceSchema),
  /** The headline figures are those of the clean phase. */
  phases: z.object({
    warmUp: phaseSchema.nullable(),
    clean: phaseSchema.nullable(),
    profiled: phaseSchema.nullable(),
  }),
  /** The clean phase second by second. */
  overSeconds: z
    .object({ seconds: number, requestsPerSecond: spreadSchema, latencyNsP95: spreadSchema.nullable() })
    .nullable(),
  /** When the slowest reply of the clean phase came, and what is known of why. */
  maxLatencyWhen: text.nullable(),
  /** The load generator's threads in the clean phase. */
  generator: z.object({ threads: z.array(loadThreadSchema) }),
  statuses: statusesSchema,
  memory: memorySchema,
  littlesLaw: z
    .object({
      concurrency: number,
      throughputPerSecond: number,
      meanLatencyNs: number,
      expectedLatencyNs: number,
      ratio: number,
      explains: z.boolean(),
      /** It explains, and the tracker had used up its CPU: the latency is the queue in front of it. */
      isQueue: z.boolean(),
    })
    .nullable(),
  /** CPU of the clean phase as a share of what the tracker's threads could use. */
  cpuCapacityShare: maybe,
  profilerCost: z
    .object({
      cleanRequestsPerSecond: number,
      profiledRequestsPerSecond: number,
      /** Below 0: slower under the profilers. */
      requestsPerSecondChangeShare: number,
      cleanCpuMicrosecondsPerRequest: maybe,
      profiledCpuMicrosecondsPerRequest: maybe,
      cpuPerRequestChangeShare: maybe,
      /** Whether each difference is no larger than between the seconds of a phase; null: too few seconds to tell. */
      withinNoise: z.object({
        requestsPerSecond: z.boolean().nullable(),
        cpuPerRequest: z.boolean().nullable(),
        latencyNsP95: z.boolean().nullable(),
      }),
    })
    .nullable(),
  top: z.object({
    /** By the target's own runtime. */
    cpu: topPairSchema.nullable(),
    /** The CPU profile where `cpu` is null, else a second one with native and kernel frames. */
    perf: topPairSchema.nullable(),
    allocations: topPairSchema.nullable(),
    liveHeap: topPairSchema.nullable(),
    /** Of a Go target: what the live heap gained or, below 0, lost over the phase. */
    heapGrowth: topPairSchema.nullable(),
    /** Of a Go target, as `block` and `goroutine`: waiting for locks, booked on who unlocked. */
    mutex: topPairSchema.nullable(),
    /** Waiting for locks, channels and the like, booked on who waited. */
    block: topPairSchema.nullable(),
    /** Goroutines by where they were. */
    goroutine: topPairSchema.nullable(),
  }),
  missingProfiles: z.array(missingProfileSchema),
  /** What is different in the slices of time with the worst P99. Null in reports of older versions. */
  whenSlow: whenSlowSchema.nullable().default(null),
  findings: z.array(findingSchema),
  /** The template's patterns of a bottleneck: symptoms, whose causes are findings. */
  patterns: z.array(patternSchema),
  comparison: z.object({
    /** The runs of this suite, this run among them. */
    runs: z.array(scenarioFiguresSchema),
    scaling: z.array(assessmentSchema),
    /** Null of a run by itself, and in reports of older versions. */
    law: suiteScalingSchema.nullable().default(null),
  }),
  history: z.object({
    /** Same scenario and tracker, oldest first, this run last. Only rows of the same environment stand in `trends`. */
    rows: z.array(historyRowSchema),
    brokenLines: number,
    trends: z.array(assessmentSchema),
    /** Where a figure changed its level, one sentence each; absent in reports of older versions. */
    changes: z.array(text).optional(),
    /** Ids of the runs behind those changes, to mark them; absent in reports of older versions. */
    changedRuns: z.array(text).optional(),
  }),
  quickReference: z.object({
    deployments: z.array(assessmentSchema),
    worry: z.array(assessmentSchema),
    optimize: z.array(assessmentSchema),
  }),
  trackerCounters: z.record(z.string(), number).nullable(),
  /** Each of several trackers in the clean phase; none where the target is one. All else is of all together. */
  members: z
    .array(
      z.object({
        name: text,
        address: text,
        sent: number,
        succeeded: number,
        timedOut: number,
        errorReplies: number,
        malformedReplies: number,
        sendFailed: number,
        requestsPerSecond: number,
        latencyNsP50: maybe,
        latencyNsP95: maybe,
        latencyNsP99: maybe,
        /** Of one core. */
        cpuShare: maybe,
        cpuMicrosecondsPerRequest: maybe,
        rssBytesMax: maybe,
        socketDrops: maybe,
        /** Of its own CPU profile; null where it has none, and in reports of older versions. */
        cpuTop: topPairSchema.nullable().default(null),
        missingProfiles: z.array(missingProfileSchema).default([]),
      }),
    )
    .default([]),
  /** The hosts that made the load. Null: the lab itself. */
  agents: agentsSchema.nullable().default(null),
  /** What clinic made of the tracker in a start of its own; its words, no verdict of ours. Null: it was not asked. */
  clinic: clinicSchema.nullable().default(null),
  notMeasured: z.array(z.object({ figure: text, reason: text })),
  notes: z.array(text),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Report = DeepReadonly<z.infer<typeof reportSchema>>;
export type Assessment = DeepReadonly<z.infer<typeof assessmentSchema>>;
export type ScenarioFigures = DeepReadonly<z.infer<typeof scenarioFiguresSchema>>;
export type SuiteScaling = DeepReadonly<z.infer<typeof suiteScalingSchema>>;
export type HistoryRow = DeepReadonly<z.infer<typeof historyRowSchema>>;
export type TopPair = DeepReadonly<z.infer<typeof topPairSchema>>;

/** What `--json` prints for the runs of one `--scenario all`. */
export const suiteSchema = z.object({
  schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
  suiteId: text,
  reports: z.array(reportSchema),
  scaling: suiteScalingSchema.optional(),
});
export type SuiteDocument = DeepReadonly<z.infer<typeof suiteSchema>>;
