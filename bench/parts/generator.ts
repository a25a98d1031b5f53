/** What a request costs our generator and one in C of the same shape, both against the floor echo. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BenchContext, interleave, type Trial } from '../context.ts';
import { toSample } from '../load/load-driver.ts';
import type { PartResult, Sample } from '../results.ts';
import { isSkip, type Server } from '../servers/server.ts';
import { compileYardstick, floorEcho } from '../servers/yardsticks.ts';
import { workersCondition } from './trackers.ts';

/** Long enough for V8 to compile what is hot: each load has a thread of its own. */
const WARMUP_MS = 1_500;
/** As the lab's generator has it: four sockets, five hashes a client; and a hundred clients a swarm. */
const SOCKETS = 4;
const HASHES_PER_WORKER = 5;
const SWARM_CLIENTS = 100;

export const OUR_GENERATOR = 'tracker-lab';
export const C_GENERATOR = 'C generator';

export async function measureGenerator(context: BenchContext): Promise<PartResult> {
  const { cache, pinning } = context;
  const result = { takenAt: new Date().toISOString(), rounds: context.rounds, seconds: context.seconds };
  const floor = floorEcho(cache, pinning?.server ?? null);
  const generator = compileYardstick('announce-generator', cache);
  const skipped = [floor, generator].filter((one) => 'reason' in one);
  if (isSkip(floor) || 'reason' in generator) {
    return { ...result, smoke: context.smoke, cells: [], skipped, notes: [] };
  }
  const server = await floor.start(0);
  try {
    const trials = (context.smoke ? [20] : [100, 1_000]).flatMap((workers): Trial[] => {
      const condition = workersCondition(workers);
      return [
        { subject: OUR_GENERATOR, condition, run: () => runOurs(workers, server, context) },
        {
          subject: C_GENERATOR,
          condition,
          run: () => runYardstick(generator.file, workers, server, context),
        },
      ];
    });
    const cells = await interleave(context.rounds, trials, context.tell);
    return { ...result, smoke: context.smoke, cells, skipped, notes: [] };
  } finally {
    await server.stop();
  }
}

async function runOurs(workers: number, server: Server, context: BenchContext): Promise<Sample> {
  const figures = await context.load.load({
    port: server.port,
    serverPid: server.pid,
    workers,
    hashes: Math.max(HASHES_PER_WORKER, Math.ceil((workers * HASHES_PER_WORKER) / SWARM_CLIENTS)),
    hashesPerWorker: HASHES_PER_WORKER,
    ratePerSecond: 0,
    warmupMs: context.smoke ? 50 : WARMUP_MS,
    durationMs: context.seconds * 1e3,
  });
  return toSample(figures);
}

interface YardstickFigures {
  readonly answered: number;
  readonly timedOut: number;
  readonly malformed: number;
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

async function runYardstick(
  file: string,
  workers: number,
  { port }: Server,
  { seconds, pinning }: BenchContext,
): Promise<Sample> {
  const args = ['127.0.0.1', `${port}`, `${workers}`, `${seconds}`, `${SOCKETS}`];
  const [program, ...rest] =
    pinning === null ? [file, ...args] : ['taskset', '-c', pinning.generator, file, ...args];
  const child = spawn(program as string, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`the C generator ended with exit code ${exitCode}`);
  const { answered, timedOut, malformed, cpuUs, wallUs, p50Ns, p99Ns } = JSON.parse(text) as YardstickFigures;
  return {
    generatorCpuUs: answered === 0 ? null : cpuUs / answered,
    requestsPerSecond: answered / (wallUs / 1e6),
    generatorCoreShare: cpuUs / wallUs,
    failedShare: (timedOut + malformed) / (answered + timedOut + malformed),
    latencyP50Us: p50Ns / 1e3,
    latencyP99Us: p99Ns / 1e3,
  };
}
