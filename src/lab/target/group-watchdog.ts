import { randomUUID } from 'node:crypto';
import { Watchdog } from '../watchdog.ts';

/** In the environment of all processes of a target: they are found by it whatever they do. */
const MARKER_VARIABLE = 'TRACKER_LAB_TARGET';
/**
 * $told: the group's leader; empty where the lab ended between the start of the process and the word of it, and then it is
 * looked for. $1: the marker. What ends at once is not waited for, so that a later group of the same number is safe.
 */
const END_GROUP = `
pause() { sleep 0.1 2>/dev/null || sleep 1; }
tries=5
while [ -z "$told" ] && [ "$tries" -gt 0 ]; do
  pause; tries=$((tries - 1))
  told=$(grep -lsaF -- "$1" /proc/[0-9]*/environ | head -n 1 | cut -d / -f 3)
done
[ -n "$told" ] && kill -s TERM -- "-$told" || exit 0
tries=30
while kill -s 0 -- "-$told" && [ "$tries" -gt 0 ]; do pause; tries=$((tries - 1)); done
kill -s KILL -- "-$told"`;

/** Ends a process group that the lab starts, also where the lab is killed while it starts it. Made before the start. */
export class GroupWatchdog {
  /** `NAME=VALUE` in the environment of every process of the group. */
  readonly marker: string;
  /** To be added to the environment of the process that is started. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #watchdog: Watchdog;

  constructor() {
    const value = randomUUID();
    this.marker = `${MARKER_VARIABLE}=${value}`;
    this.environment = { [MARKER_VARIABLE]: value };
    this.#watchdog = new Watchdog(END_GROUP, [this.marker]);
  }

  /** @param leader - process id of the group's leader; undefined: it could not be started, and nothing is to be ended */
  watch(leader: number | undefined): void {
    if (leader === undefined) this.dismiss();
    else this.#watchdog.tell(String(leader));
  }

  /** The group has ended. */
  dismiss(): void {
    this.#watchdog.dismiss();
  }
}
