/**
 * The folder of one run while it is being written. A file is complete or absent: it is written under a temporary
 * name and renamed. Only the timeline grows in place, a line at a time.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { cannotWrite } from '../cannot-write.ts';
import { LabError } from '../errors.ts';
import type { Run, TimelineRow } from '../run.ts';
import { SpaceReserve } from './space-reserve.ts';
import { Watchdog } from './watchdog.ts';

/**
 * Of a lab that was killed: no folder of a run without load, and no half file, also of a tracker that was just writing.
 * $1: the folder; $told: empty where it had not been made by then.
 */
const TIDY =
  '[ -n "$told" ] || exit 0; [ -e "$1/run.json" ] || exec rm -rf -- "$1"; sleep 1; rm -f -- "$1"/*.tmp';

export class RunFolder {
  readonly runId: string;
  readonly directory: string;
  /** Descriptor; null when it is closed. */
  #timeline: number | null = null;
  #timelineError: Error | null = null;
  /** For run.json. */
  readonly #reserve: SpaceReserve;
  readonly #watchdog: Watchdog;
  /** What run.json says while the run goes on; null before its load. */
  #soFar: Run | null = null;
  /** A lab that ends at once, as on a second Ctrl-C. */
  readonly #onLabExit = () => this.giveUp('the lab was ended at once');

  private constructor(runId: string, directory: string, watchdog: Watchdog) {
    this.runId = runId;
    this.directory = directory;
    this.#watchdog = watchdog;
    try {
      this.#timeline = openSync(path.join(directory, 'timeline.ndjson'), 'wx');
      this.#reserve = new SpaceReserve(directory);
    } catch (error) {
      this.#closeTimeline();
      rmSync(directory, { recursive: true, force: true });
      watchdog.dismiss();
      throw error;
    }
    process.once('exit', this.#onLabExit);
  }

  /**
   * Makes a new folder below `root`, named by time and scenario.
   *
   * @param startedAt - ISO 8601, UTC
   *
   * @throws LabError `OUT_NOT_WRITABLE` where it cannot be made
   */
  static create(root: string, scenarioName: string, startedAt: string): RunFolder {
    const stamp = startedAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    try {
      makeFolders(root);
      for (let suffix = 1; ; suffix++) {
        const runId = `${stamp}-${scenarioName}${suffix === 1 ? '' : `-${suffix}`}`;
        const directory = path.join(root, runId);
        const watchdog = new Watchdog(TIDY, [directory]);
        if (isMade(directory, watchdog)) return new RunFolder(runId, directory, watchdog);
      }
    } catch (cause) {
      throw notWritten(root, cause);
    }
  }

  /** Appends one sample to the timeline. What the disk does not take is told by {@link RunFolder.finish}. */
  appendRow(row: TimelineRow): void {
    if (this.#timeline === null || this.#timelineError !== null) return;
    try {
      writeSync(this.#timeline, `${JSON.stringify(row)}\n`);
    } catch (error) {
      this.#timelineError = error as Error;
    }
  }

  /**
   * Writes a file whole.
   *
   * @throws LabError `OUT_NOT_WRITABLE` that names the file, for example on a full disk
   */
  writeFile(name: string, content: string | Uint8Array): void {
    const file = path.join(this.directory, name);
    const temporary = `${file}.tmp`;
    try {
      writeFileSync(temporary, content);
      renameSync(temporary, file);
    } catch (cause) {
      rmSync(temporary, { force: true });
      throw notWritten(file, cause);
    }
  }

  /**
   * Writes run.json for a lab that may be killed before the run's end. What the disk does not take is no reason to end the
   * run: the run.json of before stays.
   *
   * @param run - of what is known by now, marked partial
   */
  saveSoFar(run: Run): void {
    this.#soFar = run;
    try {
      this.amend(run);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
    }
  }

  /**
   * Ends the timeline and writes the final run.json, after all other files; room for it was kept from the start. Where the timeline could not be written whole, the run is marked partial.
   *
   * @returns the run as it was written
   * @throws LabError `OUT_NOT_WRITABLE`; what is in the folder by then stays
   */
  finish(run: Run): Run {
    this.#closeTimeline();
    const lost = this.#timelineError;
    const reason = lost === null ? null : `timeline.ndjson could not be written whole (${lost.message})`;
    const written = reason === null ? run : { ...run, partial: run.partial ?? { reason } };
    process.off('exit', this.#onLabExit);
    this.#reserve.release();
    // A lab that is killed while it writes the report leaves half a file, too.
    this.#watchdog.dismissAtExit();
    this.#removeHalfFiles();
    this.amend(written);
    return written;
  }

  /**
   * Writes run.json once more, for what was learnt after the run.
   *
   * @throws LabError `OUT_NOT_WRITABLE`; the run.json of before stays
   */
  amend(run: Run): void {
    this.writeFile('run.json', `${JSON.stringify(run, null, 2)}\n`);
  }

  /**
   * Ends a run that nothing more is known of. The folder of one whose load had begun stays, marked partial; that of another
   * is removed.
   *
   * @param reason - what brought it to an end
   */
  giveUp(reason: string): void {
    const run = this.#soFar;
    if (run === null) {
      this.discard();
      return;
    }
    this.#closeTimeline();
    process.off('exit', this.#onLabExit);
    this.#reserve.release();
    this.#watchdog.dismiss();
    this.#removeHalfFiles();
    this.saveSoFar({ ...run, partial: { reason } });
  }

  /** Removes the folder of a run that never began. */
  discard(): void {
    this.#closeTimeline();
    this.#reserve.release();
    this.#watchdog.dismiss();
    process.off('exit', this.#onLabExit);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Of a tracker that ended while it wrote a profile. */
  #removeHalfFiles(): void {
    for (const name of readdirSync(this.directory)) {
      if (name.endsWith('.tmp')) rmSync(path.join(this.directory, name), { force: true });
    }
  }

  #closeTimeline(): void {
    if (this.#timeline !== null) closeSync(this.#timeline);
    this.#timeline = null;
  }
}

/** Makes a folder with its parents, one by one: where /proc refuses one, Node 20's recursive mkdir never returns. */
function makeFolders(directory: string): void {
  if (existsSync(directory)) return;
  makeFolders(path.dirname(directory));
  makeFolder(directory);
}

/** As {@link makeFolder}, of a folder that its watchdog answers for from then on. */
function isMade(directory: string, watchdog: Watchdog): boolean {
  let made = false;
  try {
    made = makeFolder(directory);
  } finally {
    if (made) watchdog.tell('made');
    else watchdog.dismiss();
  }
  return made;
}

/** @returns false where it is there already, perhaps by another lab that started in the same second */
function makeFolder(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const aFileIsThere = 'a file stands where a folder is needed; pass a folder with --out DIR';
const notAllowed = 'pass a folder that you may write to with --out DIR';
/** What mends it, by the system's error code. */
const hints: Readonly<Record<string, string>> = {
  EEXIST: aFileIsThere,
  ENOTDIR: aFileIsThere,
  EACCES: notAllowed,
  EPERM: notAllowed,
  EROFS: notAllowed,
  ENOSPC: 'free some space or pass another folder with --out DIR',
  EDQUOT: 'free some space or pass another folder with --out DIR',
};

function notWritten(file: string, cause: unknown): LabError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  return cannotWrite(file, cause, hints[code] ?? 'pass another folder with --out DIR');
}
