/**
 * What the lab and its load agents tell each other through Redis. Whatever is read from there is checked: it may be of
 * another version, or of somebody else.
 */
import { z } from 'zod';
import { operations, phaseNames, scenarioSchema } from '../../run.ts';
import type { ThreadReport } from '../load/thread-messages.ts';
import { intervalSchema } from './interval-message.ts';

/**
 * Version of the plans that the lab hands out and of what agents answer. It grows by one with every change that the other
 * side would misread; lab and agents of different versions refuse each other.
 */
export const PLAN_VERSION = 2;

const count = z.int().nonnegative();
const number = z.number();

/** Names of agents: safe in a queue's name, in Markdown and in a terminal. */
export const agentNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

/** As much as is read of an agent of any version. */
export const anyHelloSchema = z.object({ planVersion: z.int(), name: z.string().regex(agentNamePattern) });

/** An agent's sign of life; its key expires. */
export const helloSchema = anyHelloSchema.extend({
  /** Another one at each start. */
  instance: z.string(),
  host: z.string(),
  pid: count,
  cores: z.int().positive(),
  /** Load threads that it runs where the lab does not say how many. */
  threads: z.int().positive(),
  /** Of the kernel's boot; agents with the lab's run on its machine. Empty: not known. */
  machine: z.string(),
  /** The network namespace, within which 127.0.0.1 is one address. Empty: not known. */
  network: z.string(),
  /** The namespace of process ids. Empty: not known. */
  processes: z.string(),
  labVersion: z.string(),
  nodeVersion: z.string(),
  busy: z.boolean(),
  /** Counts up; one that stands still is no sign of life. */
  beat: count,
});
export type Hello = z.infer<typeof helloSchema>;

/** The data of an agent's job: the rest of the plan is fetched, since a pool of info hashes may be large. */
export const sliceJobSchema = z.object({
  planVersion: z.int(),
  runId: z.string(),
  chunks: z.int().positive(),
});
export type SliceJob = z.infer<typeof sliceJobSchema>;

const placeSchema = z.object({ host: z.string(), port: z.int().min(1).max(65_535) });

/** The load of a run, and which agent runs which threads of its one scenario. */
export const loadPlanSchema = z.object({
  scenario: scenarioSchema,
  /** Numbers of threads by agent. */
  threads: z.record(z.string(), z.array(count).min(1)),
  infoHashes: z.array(z.string()).nullable(),
  target: placeSchema,
  /** Further trackers, over which the load is spread. */
  otherTargets: z.array(placeSchema),
  /** What the lab's monotonic clock is behind that of Redis. */
  labClockOffsetUs: number,
  /** As in {@link helloSchema}: of the lab. */
  labMachine: z.string(),
});
export type LoadPlan = z.infer<typeof loadPlanSchema>;

/** From the lab to all agents of a run; times are microseconds of Redis. */
export const orderSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('phase'), phase: z.enum(phaseNames), atUs: number }),
  z.object({ type: z.literal('stop'), atUs: number }),
  /** At once; `agent`: only that one, which counts as lost. */
  z.object({ type: z.literal('abort'), agent: z.string().nullable() }),
]);
export type Order = z.infer<typeof orderSchema>;

const encoded = z.string().max(200_000);
/** From an agent while it runs its slice: the progress of its job. */
export const progressSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    /** Of the agent's wall clock from that of Redis. */
    wallOffsetUs: number,
    /** Half the shortest round trip, and what the wall clock does not show. */
    wallUncertaintyUs: number.nonnegative(),
  }),
  z.object({ type: z.literal('began'), phase: z.enum(phaseNames), skewUs: number }),
  z.object({
    type: z.literal('row'),
    phase: z.enum(phaseNames),
    /** Milliseconds of Redis. */
    startMs: number,
    endMs: number,
    intervals: z.array(intervalSchema),
  }),
  z.object({ type: z.literal('thread-lost'), line: z.string() }),
]);
/** As it travels; {@link progressSchema} reads it. */
export type ProgressMessage = z.input<typeof progressSchema>;

/** What a job returns: where its result is. */
export const sliceDoneSchema = z.object({ agent: z.string(), chunks: z.int().positive() });
export type SliceDone = z.infer<typeof sliceDoneSchema>;

const operationCountsSchema = z.object({
  sent: count,
  succeeded: count,
  timedOut: count,
  errorReplies: count,
  malformedReplies: count,
  sendFailed: count,
  unresolved: count,
});

const tallySchema = z.object({
  operations: z.object({
    connect: operationCountsSchema,
    announce: operationCountsSchema,
    scrape: operationCountsSchema,
  }),
  strayReplies: z.object({ late: count, duplicate: count, unknown: count, malformed: count }),
  errorTexts: z.record(z.string().max(200), count),
  peersReceived: count,
  retries: count,
  notSent: count.nullable(),
  sentBytes: count,
  receivedBytes: count,
  sendLag: z.object({ nsP50: number, nsP99: number, nsMax: number }),
});

const histogramsSchema = z.array(
  z.object({
    phase: z.enum(phaseNames),
    operation: z.enum(operations),
    clock: z.enum(['service', 'response']),
    encoded,
  }),
);

const threadReportSchema: z.ZodType<ThreadReport> = z.object({
  phases: z.array(
    z.object({
      phase: z.enum(phaseNames),
      tally: tallySchema,
      cpuShare: number.nullable(),
      socketDrops: count.nullable(),
    }),
  ),
  histograms: histogramsSchema,
  latencySlices: z.array(z.tuple([z.int(), z.array(count)])),
  members: z
    .array(
      z.object({
        member: count,
        phase: z.enum(phaseNames),
        tally: tallySchema,
        histograms: histogramsSchema,
      }),
    )
    .default([]),
});

/** What an agent has counted. */
export const sliceResultSchema = z.object({
  reports: z.array(threadReportSchema),
  lostThreads: z.object({ count, clientShare: number.min(0).max(1), causes: z.array(z.string()) }),
});
export type SliceResult = z.infer<typeof sliceResultSchema>;
