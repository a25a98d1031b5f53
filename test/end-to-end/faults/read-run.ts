import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Run, runSchema } from '../../../src/run.ts';

/** The only run of a results folder. */
export function readRun(out: string): Run {
  const [name, ...others] = readdirSync(out).filter((file) => file !== 'history.jsonl');
  if (name === undefined || others.length > 0) throw new Error(`${others.length + 1} runs in ${out}`);
  return runSchema.parse(JSON.parse(readFileSync(path.join(out, name, 'run.json'), 'utf8')));
}
