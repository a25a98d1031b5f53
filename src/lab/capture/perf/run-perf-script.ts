import type { ChildProcess } from 'node:child_process';
import { execa } from 'execa';
import { type PerfSample, PerfScriptParser } from './parse-perf-script.ts';
import { perfEnvironment } from './perf-program.ts';

const KEPT_STDERR_LENGTH = 8 * 1024;
/** perf reads the symbols of every binary first; measured under 1 s for Node, more where debug information is big. */
const SCRIPT_TIMEOUT_MS = 120_000;

export interface PerfScriptResult {
  /** Null where perf read the whole file. */
  readonly problem: string | null;
  readonly unreadableLines: number;
  readonly lostSamples: number;
}

/** Has perf name the addresses of a recording and hands out its samples. Never rejects. */
export async function runPerfScript(
  command: string,
  file: string,
  onSample: (sample: PerfSample) => void,
): Promise<PerfScriptResult> {
  const parser = new PerfScriptParser(onSample);
  const running = execa(
    command,
    [
      ...['script', '-i', file, '-F', 'comm,pid,tid,time,period,event,ip,sym,symoff,dso'],
      // Inlined functions would need debug information and addr2line, seconds for every binary.
      '--no-inline',
      '--show-lost-events',
      // A JIT map of another user is read too; its names are checked again by the lab.
      '-f',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      buffer: false,
      reject: false,
      timeout: SCRIPT_TIMEOUT_MS,
      env: perfEnvironment,
    },
  );
  const child = running as unknown as ChildProcess;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR_LENGTH);
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => parser.push(text));
  const result = await running;
  parser.end();
  const { unreadableLines, lostSamples } = parser;
  const problem = result.failed
    ? ((stderr.trim().split('\n').at(-1) || result.shortMessage) ?? 'it failed')
    : null;
  return { problem, unreadableLines, lostSamples };
}
