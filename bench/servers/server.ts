import type { Skip } from '../results.ts';

/** A tracker, or what stands for one, that serves on 127.0.0.1. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Something that can be started and measured. */
export interface Subject {
  /** As tables name it. */
  readonly name: string;
  /** What was run, for the record; null: it does not tell. */
  readonly version: string | null;
  /** @param hashes - size of the pool that will be asked for: a tracker with a whitelist needs it */
  start(hashes: number): Promise<Server>;
}

export type Candidate = Subject | Skip;

export function isSkip(candidate: Candidate): candidate is Skip {
  return 'reason' in candidate;
}
