/** What `lab capacity --json` prints. Published as JSON Schema in `schemas/capacity.schema.json`. */
import { z } from 'zod';

export const CAPACITY_SCHEMA_VERSION = 1;

const number = z.number();
const share = z.number().min(0).max(1);
const text = z.string();

/** A figure with its 95 % bootstrap interval. */
const estimateSchema = z.object({ value: number, low: number, high: number }).meta({ id: 'Estimate' });

const mixSchema = z.object({ connect: share, announce: share, scrape: share }).meta({ id: 'Mix' });

/** A simulated time of one receive buffer. */
const queueSchema = z
  .object({
    /** Requests a second of one buffer, retries of dropped requests left out. */
    ratePerSecond: number,
    seconds: number,
    /** Of so many clients one is simulated, with requests that take so many times as long; waits are those of all. 1: all of them. */
    thinnedBy: number,
    requests: number,
    busyShare: share,
    lostShare: share,
    /** From arrival to the start of service; null: nothing was served. */
    waitNsP50: number.nullable(),
    waitNsP99: number.nullable(),
    queueMean: number,
    queueMax: number,
  })
  .meta({ id: 'Queue' });

const outageSchema = queueSchema
  .extend({
    /** How many times the usual rate comes at the worst moment, before anything is dropped. */
    burstFactor: number,
    /** Seconds after the outage from which on less than 0.1 % of each second's requests are lost; null: not within the time simulated. */
    recoveredAfterS: number.nullable(),
  })
  .meta({ id: 'QueueAfterOutage' });

const sizeSchema = z
  .object({
    users: number,
    requestsPerSecond: number,
    instances: estimateSchema,
    /** Groups that share nothing, where the curve of one does not reach the rate. */
    groups: number,
    /** CPU that each instance uses of its cores. */
    cpuShare: number,
    steady: queueSchema,
    afterOutage: outageSchema,
  })
  .meta({ id: 'Size' });

export const capacitySchema = z.object({
  schemaVersion: z.literal(CAPACITY_SCHEMA_VERSION),
  tracker: text,
  runs: z.array(
    z.object({
      runId: text,
      workers: number,
      cores: number,
      usedShare: number,
      requestsPerSecond: number,
      cpuMicros: number,
      /** Its cost is part of the estimate. */
      used: z.boolean(),
      invalid: text.nullable(),
    }),
  ),
  assumptions: z.object({
    /** Of an instance's cores. */
    cpuShare: share,
    intervalMs: number,
    outageMs: number,
    mix: mixSchema,
    mixSource: z.object({
      connect: z.enum(['flag', 'run', 'BEP 15']),
      scrape: z.enum(['flag', 'run']),
    }),
    receiveBuffer: z.object({ bytes: number, datagrams: number, source: z.enum(['run', 'kernel default']) }),
    seed: number,
  }),
  /** Of the runs that are used. */
  measuredMix: mixSchema,
  /** At the wanted CPU use. Microseconds. */
  cpuPerRequest: estimateSchema,
  /** Of a thread that is never idle, which a full buffer is served at; the same where the runs do not show it. Microseconds. */
  cpuPerRequestSaturated: number,
  /** What a request costs on top that finds its thread asleep, in microseconds; null: runs of one load do not show it. */
  cpuPerWakeUp: number.nullable().default(null),
  instance: z.object({
    workers: number,
    cores: number,
    requestsPerSecond: estimateSchema,
    users: estimateSchema,
    /** Users with the mix of the run. */
    usersByMeasuredMix: estimateSchema,
  }),
  scaling: z.object({
    law: z.enum(['universal scalability', 'linear']),
    reason: text.nullable(),
    sigma: number.nullable(),
    kappa: number.nullable(),
    peakInstances: number.nullable(),
  }),
  /** One instance with the users that it carries. */
  fullInstance: z.object({ users: number, steady: queueSchema, afterOutage: outageSchema }),
  sizes: z.array(sizeSchema),
  notes: z.array(text),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Capacity = DeepReadonly<z.infer<typeof capacitySchema>>;
export type SimulatedQueue = Capacity['fullInstance']['steady'];
export type QueueAfterOutage = Capacity['fullInstance']['afterOutage'];
