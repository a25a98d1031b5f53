/** What a Node program leaves on disk where it is started with the flags that perf needs. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Watchdog } from '../watchdog.ts';

/**
 * Removes what V8 has written for these processes, which have ended: the maps of compiled code, which grow to megabytes and
 * would be taken for those of a later process with the same id, and the logs of each isolate, which V8 puts into the working
 * folder of a program that it can only be told by NODE_OPTIONS.
 *
 * @param folder - where they were started
 */
export function removePerfTraces(pids: readonly number[], folder: string): void {
  // perf looks for the maps in /tmp, whatever the temporary folder is.
  for (const pid of pids) remove(`/tmp/perf-${pid}.map`);
  for (const name of namesIn(folder)) {
    const pid = /^isolate-?0x[0-9a-f]+-(\d+)-v8\.log$/.exec(name)?.[1];
    if (pid !== undefined && pids.includes(Number(pid))) remove(path.join(folder, name));
  }
}

/** As {@link removePerfTraces}, for a lab that is killed. $1: the folder, the rest: process ids. */
const REMOVE_TRACES =
  'folder=$1; shift; sleep 1; for pid; do rm -f -- "/tmp/perf-$pid.map" "$folder"/isolate*-"$pid"-v8.log; done';

/** Has the traces of these processes removed once the lab is gone. To be dismissed when they are removed. */
export function watchPerfTraces(pids: readonly number[], folder: string): Watchdog {
  return new Watchdog(REMOVE_TRACES, [path.resolve(folder), ...pids.map(String)]);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A folder that cannot be read has taken no log either.
    return [];
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Somebody else's: it is not of this run.
  }
}
