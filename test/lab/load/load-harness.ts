/** What the tests of whole loads share. Whatever they start ends with the test. */
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect } from 'vitest';
import {
  type LoadOptions,
  type LoadPool,
  type LoadResult,
  startLoad,
} from '../../../src/lab/load/load-pool.ts';
import {
  type LoadRow,
  type OperationCounts,
  operations,
  type PhaseLoad,
  phaseLoadSchema,
  type Scenario,
} from '../../../src/run.ts';
import { type Script, ScriptedResponder } from './scripted-responder.ts';

export const scenario: Scenario = {
  name: 'custom',
  durationMs: 1_000,
  warmupMs: 0,
  profileDurationMs: 0,
  concurrency: 20,
  ratePerSecond: 0,
  hashesPerWorker: 5,
  numWant: 50,
  timeoutMs: 2_000,
  mix: { connect: 1, announce: 50, scrape: 10 },
  swarmHashes: 30,
  skew: 1,
  seed: 1,
  loadThreads: 1,
  infoHashesFile: null,
};

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

export interface Load {
  readonly pool: LoadPool;
  readonly rows: LoadRow[];
  readonly failures: Error[];
}

export async function start(
  port: number,
  changes: Partial<Scenario> = {},
  more: Partial<LoadOptions> = {},
): Promise<Load> {
  const rows: LoadRow[] = [];
  const failures: Error[] = [];
  const beganMs = performance.now();
  const pool = await startLoad({
    scenario: { ...scenario, ...changes },
    infoHashes: null,
    target: { host: '127.0.0.1', port },
    now: () => performance.now() - beganMs,
    onSecond: (row) => rows.push(row),
    onFailure: (error) => failures.push(error),
    ...more,
  });
  cleanUps.push(() => pool.abort());
  return { pool, rows, failures };
}

export async function respond(script: Script): Promise<ScriptedResponder> {
  const responder = await ScriptedResponder.open(script);
  cleanUps.push(() => responder.close());
  return responder;
}

/** Runs the clean phase for a time and stops orderly. */
export async function run(load: Load, lengthMs: number): Promise<LoadResult> {
  load.pool.beginPhase('clean');
  await delay(lengthMs);
  return load.pool.stop();
}

export function totals(phase: PhaseLoad): OperationCounts {
  const sum = (field: keyof OperationCounts): number =>
    operations.reduce((total, operation) => total + phase.operations[operation][field], 0);
  return {
    sent: sum('sent'),
    succeeded: sum('succeeded'),
    timedOut: sum('timedOut'),
    errorReplies: sum('errorReplies'),
    malformedReplies: sum('malformedReplies'),
    sendFailed: sum('sendFailed'),
    unresolved: sum('unresolved'),
  };
}

/** The only phase of a result, checked against the schema and for sums that hold. */
export function onlyPhase(result: LoadResult): PhaseLoad {
  expect(result.phases.length).toBe(1);
  const phase = phaseLoadSchema.parse(result.phases[0]);
  for (const operation of operations) {
    const { sent, ...outcomes } = phase.operations[operation];
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(sent);
  }
  return phase;
}

/** A responder in a process of its own. */
export async function forkResponder(): Promise<{
  child: ChildProcess;
  port: number;
  ask: () => Promise<unknown>;
}> {
  const child = fork(fileURLToPath(new URL('responder-process.mjs', import.meta.url)));
  cleanUps.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
  });
  const nextMessage = (): Promise<unknown> => new Promise((resolve) => child.once('message', resolve));
  const { port } = (await nextMessage()) as { port: number };
  const ask = (): Promise<unknown> => {
    const answer = nextMessage();
    child.send('tell');
    return answer;
  };
  return { child, port, ask };
}
