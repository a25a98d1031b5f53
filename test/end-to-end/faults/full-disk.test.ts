/** A disk that fills up under a run: a small tmpfs in a mount namespace of its own, which ends with the lab. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSchema } from '../../../src/run.ts';
import { runLab } from '../watched-lab.ts';
import { keepFigure } from './figures.ts';
import { expectAnalyzable, quietLoad, scratchFolder, targetFlags, trackers } from './lab-under-fault.ts';

const underLoad = (['warm-up', 'clean', 'profiled'] as const).flatMap((phase) =>
  trackers.map((tracker) => ({ phase, tracker })),
);
const canUnshare = mountsInNamespace();

function mountsInNamespace(): boolean {
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs the lab on the disk, fills what is left of it (less `leftKib`) at `fillAt`, and copies what is there afterwards.
 * $0: disk, $1: copy, the rest: the lab.
 */
const script = `
  mount -t tmpfs -o size=4m tmpfs "$0" || exit 77
  copy=$1; leftKib=$2; fillAt=$3; shift 3
  "$@" 2>"$copy.stderr" >/dev/null &
  lab=$!
  until grep -q "$fillAt" "$copy.stderr"; do sleep 0.02; kill -0 $lab || exit 78; done
  head -c "$leftKib"k /dev/zero > "$0/kept"
  cat /dev/zero > "$0/filler" 2>/dev/null
  rm "$0/kept"
  wait $lab; code=$?
  rm "$0/filler"
  cp -r "$0/out" "$copy"
  exit $code
`;

async function labOnFullDisk(
  tracker: (typeof trackers)[number],
  { leftKib, fillAt }: { readonly leftKib: number; readonly fillAt: string },
) {
  const folder = scratchFolder();
  const [disk, copy] = [path.join(folder, 'disk'), path.join(folder, 'copy')];
  mkdirSync(disk);
  const args = [
    ...['--out', path.join(disk, 'out'), ...quietLoad, ...(await targetFlags(tracker))],
    ...['--warmup', '500ms', '--duration', '700ms', '--profile-duration', '500ms'],
  ];
  const { exitCode } = await runLab(args, {
    under: ['unshare', '-m', 'sh', '-c', script, disk, copy, String(leftKib), fillAt],
  });
  const stderr = readFileSync(`${copy}.stderr`, 'utf8');
  const names = readdirSync(copy).filter((name) => name !== 'history.jsonl');
  expect(names, stderr).toHaveLength(1);
  return { exitCode, stderr, folder: path.join(copy, names[0] as string) };
}

/** Neither a temporary one nor the one that the disk did not take. */
function expectNoHalfFile(row: string, folder: string, stderr: string): void {
  const refused = /cannot write (\S+)/.exec(stderr)?.[1] ?? expect.unreachable();
  const halves = readdirSync(folder).filter(
    (name) => name.endsWith('.tmp') || name === path.basename(refused),
  );
  keepFigure(row, 'half files', halves.length, '');
  expect(halves).toEqual([]);
}

describe
  .skipIf(!canUnshare)
  .concurrent(
    `a disk that is full${canUnshare ? '' : ' (skipped: no tmpfs can be mounted in a namespace)'}`,
    () => {
      it.for(underLoad)(
        'from $phase of the $tracker tracker on leaves a partial run that can be analysed',
        { timeout: 60_000 },
        async ({ tracker, phase }) => {
          const { exitCode, stderr, folder } = await labOnFullDisk(tracker, {
            leftKib: 0,
            fillAt: `Phase: ${phase}`,
          });
          expect(exitCode).toBe(1);
          expect(stderr).toMatch(/OUT_NOT_WRITABLE: cannot write .*report\.(json|md|html) \(ENOSPC.*Hint: /);
          const run = runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')));
          expect(run.partial?.reason).toMatch(/ENOSPC/);
          // That of the live heap is written at the end of the warm-up.
          const lost = ['allocations', 'cpu', 'heap-growth', ...(phase === 'warm-up' ? ['live-heap'] : [])];
          expect(run.missingProfiles.map(({ kind }) => kind).sort()).toEqual(lost);
          expectNoHalfFile('the disk fills up under load', folder, stderr);
          const [summary] = (await expectAnalyzable(folder)).split('\n');
          expect(summary).toMatch(/PARTIAL: .*ENOSPC/);
        },
      );

      it.for(trackers)(
        'under the report of %s tracker names the file and leaves a whole run',
        { timeout: 60_000 },
        async (tracker) => {
          const { exitCode, stderr, folder } = await labOnFullDisk(tracker, {
            leftKib: 160,
            fillAt: 'Phase: profiled',
          });
          expect(exitCode).toBe(1);
          expect(stderr).toMatch(/OUT_NOT_WRITABLE: cannot write .*report\.[a-z]+ \(ENOSPC.*Hint: /);
          const run = runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')));
          expect(run.partial).toBeNull();
          expectNoHalfFile('the disk fills up before the report', folder, stderr);
          await expectAnalyzable(folder);
        },
      );
    },
  );
