/** The benchmark's end of its load process: one process for all of a benchmark, on the generator's core. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sample } from '../results.ts';
import { startChild } from '../servers/child.ts';
import {
  type FillSpec,
  type FromLoadProcess,
  type LoadFigures,
  type LoadSpec,
  OWN_CORES,
  type ToLoadProcess,
} from './load-messages.ts';

export class LoadDriver {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: FromLoadProcess) => void>();
  #lastId = 0;

  constructor(cpus: string | null) {
    const script = fileURLToPath(new URL('./load-process.js', import.meta.url));
    this.#child = startChild({
      file: process.execPath,
      args: cpus === null ? [script] : [script, OWN_CORES],
      cpus,
      ipc: true,
    });
    this.#child.on('message', (answer: FromLoadProcess) => this.#waiting.get(answer.id)?.(answer));
    this.#child.once('exit', () => {
      for (const [id, settle] of this.#waiting)
        settle({ type: 'failed', id, reason: 'the load process ended' });
    });
  }

  /** @throws Error where the tracker refuses or is silent */
  async fill(spec: FillSpec): Promise<void> {
    await this.#order((id) => ({ type: 'fill', id, spec }));
  }

  async load(spec: LoadSpec): Promise<LoadFigures> {
    const figures = await this.#order((id) => ({ type: 'load', id, spec }));
    if (figures === null) throw new Error('the load process gave no figures');
    return figures;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #order(message: (id: number) => ToLoadProcess): Promise<LoadFigures | null> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        if (answer.type === 'done') resolve(answer.figures);
        else reject(new Error(answer.reason));
      });
      this.#child.send(message(id));
    });
  }
}

/** The figures of one round as they go into a result. */
export function toSample(figures: LoadFigures): Sample {
  const { answered, failed, wallNs, serverCpuNs, generatorCpuNs, latencyNs } = figures;
  const perRequestUs = (cpuNs: number | null): number | null =>
    cpuNs === null || answered === 0 ? null : cpuNs / answered / 1e3;
  const us = (ns: number | undefined): number | null => (ns === undefined ? null : ns / 1e3);
  return {
    serverCpuUs: perRequestUs(serverCpuNs),
    requestsPerSecond: answered / (wallNs / 1e9),
    serverCoreShare: serverCpuNs === null ? null : serverCpuNs / wallNs,
    generatorCpuUs: perRequestUs(generatorCpuNs),
    generatorCoreShare: generatorCpuNs / wallNs,
    peersPerAnnounce: answered === 0 ? null : figures.peersReceived / answered,
    failedShare: answered + failed === 0 ? null : failed / (answered + failed),
    latencyP50Us: us(latencyNs?.p50),
    latencyP99Us: us(latencyNs?.p99),
    latencyP999Us: us(latencyNs?.p999),
    latencyMaxUs: us(latencyNs?.max),
    sendLagP99Us: us(figures.sendLagNs.p99),
    sendLagMaxUs: us(figures.sendLagNs.max),
  };
}
