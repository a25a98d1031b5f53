import type { ProfileRequest } from './agent-protocol.ts';
import type { ThreadReading } from './capture-types.ts';
import { openMainChannel, type ThreadChannel, type ToWorkers, type WorkerAnswer } from './thread-channel.ts';
import { retireReading } from './thread-reading.ts';

/** A worker that is busy or blocked for longer is left out, and the profile says so. */
const ANSWER_TIMEOUT_MS = 2000;
/** So many intervals without a reading, and a worker's memory counts no more: it was terminated, or is blocked. */
const STALE_INTERVALS = 8;

interface LastReading {
  readonly reading: ThreadReading;
  readonly atMs: number;
}

interface Question {
  readonly waitingFor: Set<string>;
  readonly answers: WorkerAnswer[];
  readonly finish: () => void;
}

/** What the workers said to one question. */
export interface Answers {
  readonly answers: readonly WorkerAnswer[];
  /** Workers that did not answer in time. */
  readonly silent: readonly string[];
}

/** The worker threads as the main thread knows them: those that have said hello and not goodbye. */
export class WorkerThreads {
  readonly #channel: ThreadChannel<ToWorkers>;
  readonly #known = new Set<string>();
  readonly #readings = new Map<string, LastReading>();
  readonly #retired = new Map<string, ThreadReading>();
  readonly #questions = new Map<number, Question>();
  #nextId = 1;
  #profiling: ProfileRequest | null = null;
  #samplingIntervalMs: number | null = null;

  constructor() {
    this.#channel = openMainChannel((message) => {
      if (message.type === 'hello') this.#welcome(message.thread);
      else if (message.type === 'bye') this.#forget(message.thread);
      else if (message.type === 'reading') {
        this.#retired.delete(message.thread);
        this.#readings.set(message.thread, { reading: message.reading, atMs: performance.now() });
      } else this.#answer(message);
    });
  }

  /** Starts profilers in all workers, and in those that begin before {@link stopProfiles}. */
  startProfiles(request: ProfileRequest): Promise<Answers> {
    this.#profiling = request;
    return this.#ask((id) => ({ type: 'start', id, request }));
  }

  stopProfiles(programRoot: string): Promise<Answers> {
    this.#profiling = null;
    return this.#ask((id) => ({ type: 'stop', id, programRoot }));
  }

  startSampling(intervalMs: number): void {
    this.#samplingIntervalMs = intervalMs;
    this.#channel.send({ type: 'sample', intervalMs });
  }

  stopSampling(): void {
    this.#samplingIntervalMs = null;
    this.#channel.send({ type: 'stop-sampling' });
  }

  /** The last reading of each worker, and what remains of those that have ended. */
  readings(): ThreadReading[] {
    const oldestMs = performance.now() - STALE_INTERVALS * (this.#samplingIntervalMs ?? 0);
    for (const [thread, { atMs }] of this.#readings) if (atMs < oldestMs) this.#retire(thread);
    return [...this.#retired.values(), ...[...this.#readings.values()].map(({ reading }) => reading)];
  }

  #welcome(thread: string): void {
    this.#known.add(thread);
    // Nobody waits for the answer to this id; workers that are on already refuse it without harm.
    if (this.#profiling) this.#channel.send({ type: 'start', id: 0, request: this.#profiling });
    if (this.#samplingIntervalMs !== null) {
      this.#channel.send({ type: 'sample', intervalMs: this.#samplingIntervalMs });
    }
  }

  #forget(thread: string): void {
    this.#known.delete(thread);
    this.#retire(thread);
    for (const question of this.#questions.values()) {
      question.waitingFor.delete(thread);
      if (question.waitingFor.size === 0) question.finish();
    }
  }

  #retire(thread: string): void {
    const last = this.#readings.get(thread);
    if (last) this.#retired.set(thread, retireReading(last.reading));
    this.#readings.delete(thread);
  }

  #answer(answer: WorkerAnswer): void {
    const question = this.#questions.get(answer.id);
    if (!question?.waitingFor.delete(answer.thread)) return;
    question.answers.push(answer);
    if (question.waitingFor.size === 0) question.finish();
  }

  #ask(message: (id: number) => ToWorkers): Promise<Answers> {
    const id = this.#nextId++;
    const waitingFor = new Set(this.#known);
    if (waitingFor.size === 0) return Promise.resolve({ answers: [], silent: [] });
    return new Promise((resolve) => {
      const answers: WorkerAnswer[] = [];
      const finish = () => {
        clearTimeout(timer);
        this.#questions.delete(id);
        answers.sort((a, b) => a.thread.localeCompare(b.thread, 'en', { numeric: true }));
        resolve({ answers, silent: [...waitingFor] });
      };
      const timer = setTimeout(finish, ANSWER_TIMEOUT_MS);
      this.#questions.set(id, { waitingFor, answers, finish });
      this.#channel.send(message(id));
    });
  }
}
