import { setTimeout as sleep } from 'node:timers/promises';
import { addHistograms } from '../../src/lab/load/latency-histogram.ts';
import { type LoadResult, startLoad } from '../../src/lab/load/load-pool.ts';
import { startRunClock } from '../../src/lab/run-clock.ts';
import type { Scenario } from '../../src/run.ts';
import { processCpuNs } from './cpu-time.ts';
import type { LoadFigures, LoadSpec } from './load-messages.ts';

/** Announces of one client on one hash in a session: one of them is `started`, one `stopped`, whatever else differs. */
const VISITS = 20;
const TIMEOUT_MS = 2_000;

/**
 * Drives announces with 50 peers wanted by the lab's own generator, and reads the CPU time of both ends meanwhile.
 *
 * @param ownCores - whether this process has cores that the tracker does not use
 */
export async function runLoad(spec: LoadSpec, ownCores: boolean): Promise<LoadFigures> {
  const pool = await startLoad({
    scenario: scenarioOf(spec),
    infoHashes: null,
    ownCores,
    target: { host: '127.0.0.1', port: spec.port },
    now: startRunClock(),
    onSecond: () => {},
  });
  pool.beginPhase('warm-up');
  await sleep(spec.warmupMs);
  pool.beginPhase('clean');
  const before = readMark(spec.serverPid);
  await sleep(spec.durationMs);
  const after = readMark(spec.serverPid);
  return toFigures(await pool.stop(), before, after, spec);
}

function scenarioOf(spec: LoadSpec): Scenario {
  return {
    name: 'bench',
    durationMs: spec.durationMs,
    warmupMs: spec.warmupMs,
    profileDurationMs: 0,
    concurrency: spec.workers,
    ratePerSecond: spec.ratePerSecond,
    hashesPerWorker: spec.hashesPerWorker,
    numWant: 50,
    timeoutMs: TIMEOUT_MS,
    mix: { connect: 0, announce: VISITS * spec.hashesPerWorker, scrape: 0 },
    swarmHashes: spec.hashes,
    skew: 0,
    seed: 1,
    loadThreads: 1,
    infoHashesFile: null,
  };
}

interface Mark {
  readonly clockNs: number;
  readonly atNs: number;
  readonly serverNs: number | null;
  readonly generatorNs: number;
}

function readMark(serverPid: number | null): Mark {
  const { user, system } = process.cpuUsage();
  return {
    clockNs: Number(process.hrtime.bigint()),
    atNs: performance.now() * 1e6,
    serverNs: serverPid === null ? null : processCpuNs(serverPid),
    generatorNs: (user + system) * 1e3,
  };
}

function toFigures(result: LoadResult, before: Mark, after: Mark, spec: LoadSpec): LoadFigures {
  const phase = result.phases.find((one) => one.phase === 'clean');
  if (phase === undefined) throw new Error('the load had no measured phase');
  const { sent, succeeded } = phase.operations.announce;
  const clock = spec.ratePerSecond > 0 ? 'response' : 'service';
  const histogram = addHistograms(
    result.histograms
      .filter((one) => one.phase === 'clean' && one.operation === 'announce' && one.clock === clock)
      .map(({ encoded }) => encoded),
  );
  return {
    answered: succeeded,
    failed: sent - succeeded,
    peersReceived: phase.peersReceived,
    wallNs: after.atNs - before.atNs,
    beganNs: before.clockNs,
    serverCpuNs:
      before.serverNs === null || after.serverNs === null ? null : after.serverNs - before.serverNs,
    generatorCpuNs: after.generatorNs - before.generatorNs,
    sendLagNs: {
      p99: Math.max(...phase.threads.map(({ sendLagNsP99 }) => sendLagNsP99)),
      max: Math.max(...phase.threads.map(({ sendLagNsMax }) => sendLagNsMax)),
    },
    latencyNs:
      histogram.totalCount === 0
        ? null
        : {
            p50: histogram.getValueAtPercentile(50),
            p99: histogram.getValueAtPercentile(99),
            p999: histogram.getValueAtPercentile(99.9),
            max: histogram.maxValue,
          },
  };
}
