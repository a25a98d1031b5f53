/** Schemas of a phase's figures, of memory and of statuses, as they stand in report.json. */
import { z } from 'zod';
import { gcKinds, phaseNames } from '../../run.ts';
import { tierNames } from '../tier-tables.ts';

const number = z.number();
const maybe = number.nullable();
const text = z.string();

/** A tier and why, or null and why not. */
export const statusSchema = z.object({ tier: z.enum(tierNames).nullable(), reason: text });

const latencySchema = z
  .object({
    count: number,
    minNs: number,
    meanNs: number,
    p50Ns: number,
    p95Ns: number,
    p99Ns: number,
    p999Ns: number,
    maxNs: number,
  })
  .meta({ id: 'Latency' });

const requestsSchema = z
  .object({
    sent: number,
    succeeded: number,
    failed: number,
    unresolved: number,
    timedOut: number,
    errorReplies: number,
    malformedReplies: number,
    sendFailed: number,
  })
  .meta({ id: 'Requests' });

const operationSchema = requestsSchema
  .extend({ latency: latencySchema.nullable() })
  .meta({ id: 'Operation' });

const byGcKind = z.record(z.enum(gcKinds), number).nullable();

/** The plain figures of one phase. */
export const phaseSchema = z
  .object({
    phase: z.enum(phaseNames),
    durationMs: number,
    requests: requestsSchema,
    /** In open loop: requests that were due and never sent; no part of `requests`. */
    notSent: maybe,
    /** Of `requests.timedOut`; null counts as 0 and is part of `silent`. */
    timeoutCauses: z.object({
      late: number,
      droppedAtTracker: maybe,
      droppedAtGenerator: maybe,
      silent: number,
      /** Late replies and drops beyond the requests that timed out. */
      unassigned: number,
    }),
    successShare: maybe,
    errorShare: maybe,
    requestsPerSecond: maybe,
    /** In open loop: successful requests over those that were to be sent. */
    servedShare: maybe,
    operations: z.object({ connect: operationSchema, announce: operationSchema, scrape: operationSchema }),
    latencyClock: z.enum(['service', 'response']),
    latency: latencySchema.nullable(),
    strayReplies: z.object({ late: number, duplicate: number, unknown: number, malformed: number }),
    errorTexts: z.array(z.object({ text, count: number })),
    peersPerAnnounce: maybe,
    receivedBytesPerResponse: maybe,
    sentBytesPerRequest: maybe,
    generatorSocketDrops: maybe,
    target: z.object({
      cpuShare: maybe,
      cpuUserShare: maybe,
      cpuSystemShare: maybe,
      cpuMicrosecondsPerRequest: maybe,
      systemMicrosecondsPerRequest: maybe,
      runQueueDelayShare: maybe,
      v8HelperCpuShare: maybe.default(null),
      involuntaryContextSwitchesPerSecond: maybe,
      voluntaryContextSwitchesPerRequest: maybe,
      /** Mean over the samples. */
      threadStates: z.object({ running: number, asleep: number, uninterruptible: number }).nullable(),
      threads: maybe,
      socketDrops: maybe,
      socketQueueBytesMax: maybe,
      gcMsByKind: byGcKind,
      gcCountByKind: byGcKind,
      gcTimeShare: maybe,
      eventLoopDelayNsP99Median: maybe,
      eventLoopDelayNsMax: maybe,
      eventLoopUtilizationMean: maybe,
    }),
  })
  .meta({ id: 'Phase' });

/** The tracker's memory, by the kernel and by its runtime. */
export const memorySchema = z.object({
  rss: z
    .object({ initialBytes: number, initialBeforeLoad: z.boolean(), peakBytes: number, growthBytes: number })
    .nullable(),
  trend: z
    .object({
      durationMs: number,
      bytesPerMinute: number,
      lastThirdBytesPerMinute: number,
      continuous: z.boolean(),
    })
    .nullable(),
  runtime: z
    .object({
      heapUsedBytesFirst: number,
      heapUsedBytesMax: number,
      heapUsedBytesLast: number,
      externalBytesFirst: number,
      externalBytesMax: number,
      externalBytesLast: number,
      arrayBuffersBytesFirst: number,
      arrayBuffersBytesMax: number,
      arrayBuffersBytesLast: number,
    })
    .nullable(),
});

/** The status of each figure of the clean phase. */
export const statusesSchema = z.object({
  /** The worse of requests and latency. */
  overall: statusSchema,
  requests: z.object({
    total: statusSchema,
    successful: statusSchema,
    failed: statusSchema,
    requestsPerSecond: statusSchema,
    overall: statusSchema,
  }),
  latency: z.object({
    min: statusSchema,
    avg: statusSchema,
    p50: statusSchema,
    p95: statusSchema,
    p99: statusSchema,
    max: statusSchema,
    overall: statusSchema,
  }),
  memory: z.object({ initial: statusSchema, peak: statusSchema, growth: statusSchema }),
});
