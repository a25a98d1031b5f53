/**
 * The names that a reader of Go's bottleneck guides looks for (`runtime.mallocgc`, `sync.(*Mutex).Lock`, `syscall`), and
 * their counterparts in native programs, found in the profile of this run. Pure.
 */
import { busyTotal, isIdle, valueAt, valueIndexOf } from '../cost-shares.ts';
import type { LoadedProfile } from '../evidence.ts';
import type { EvidenceLine, RuleId } from '../finding.ts';
import type { TargetRuntime } from '../target-runtime.ts';

type WordRule = Extract<RuleId, 'gc-pressure' | 'lock-contention' | 'syscall-bound'>;

/** Names told of one rule. */
const TOLD_WORDS = 3;

const kernelEntry = /^(?:entry_SYSCALL_64(?:_after_hwframe)?|do_syscall_64|el0_svc)$/;

/** V8's profilers name none of these: its collector is one frame, and JavaScript has no locks or system calls by name. */
const words: Readonly<Record<WordRule, Readonly<Record<TargetRuntime, readonly RegExp[]>>>> = {
  'gc-pressure': {
    node: [],
    go: [/^runtime\.(?:mallocgc|gcBgMarkWorker|gcAssistAlloc|bgsweep)$/],
    native: [
      /^(?:__libc_|__GI___libc_|_int_|__|je_|mi_|tc_|__rust_|__rdl_)?(?:m|c|re)?alloc$/,
      /^(?:__libc_|_int_|__|je_|mi_|tc_)?c?free$/,
      /^operator (?:new|delete)/,
    ],
  },
  'lock-contention': {
    node: [],
    go: [
      /^sync\.\(\*(?:RW)?Mutex\)\.R?(?:Lock|Unlock)$/,
      /^(?:internal\/)?sync\.\(\*Mutex\)\.(?:lock|unlock)Slow$/,
      /^runtime\.lock2$/,
    ],
    native: [
      /^_*(?:GI_+)?pthread_(?:mutex|rwlock|spin)_\w*lock/,
      /^__lll_lock_wait/,
      /^(?:__x64_sys_futex|do_futex)$/,
    ],
  },
  'syscall-bound': {
    node: [kernelEntry],
    go: [/^(?:syscall|internal\/runtime\/syscall(?:\/linux)?)\.(?:Raw)?Syscall6?$/, kernelEntry],
    native: [
      /^(?:__|__GI_|__libc_)*(?:sendto|sendm?msg|recvfrom|recvm?msg|read|write)(?:@.*)?$/,
      kernelEntry,
    ],
  },
};

/** A name and the cost of all stacks that it is in, of the total without idle samples. */
interface GuideWord {
  readonly name: string;
  readonly share: number;
}

/** The guide's names for one rule as far as they are in a CPU profile: at most three, costliest first. */
export function guideWords(rule: WordRule, { profile }: LoadedProfile, runtime: TargetRuntime): GuideWord[] {
  const patterns = words[rule][runtime];
  const isWord = profile.frames.map((frame) => patterns.some((pattern) => pattern.test(frame.functionName)));
  const valueIndex = valueIndexOf(profile, 'cpu');
  const total = busyTotal(profile, valueIndex);
  if (total <= 0 || !isWord.includes(true)) return [];
  const cumByName = new Map<string, number>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1]);
    const names = new Set<string>();
    for (const frame of stack)
      if (isWord[frame] === true) names.add(profile.frames[frame]?.functionName ?? '');
    const value = valueAt(profile, valueIndex, sample);
    for (const name of names) cumByName.set(name, (cumByName.get(name) ?? 0) + value);
  }
  return (
    [...cumByName]
      .filter(([, cum]) => cum > 0)
      // Of names that are always together the public one, which is the shorter.
      .sort((a, b) => b[1] - a[1] || a[0].length - b[0].length)
      .slice(0, TOLD_WORDS)
      .map(([name, cum]) => ({ name, share: cum / total }))
  );
}

/** The same as lines of evidence. */
export function guideLines(found: readonly GuideWord[], { record }: LoadedProfile): EvidenceLine[] {
  return found.map(({ name, share }) => ({
    metric: `${name}, share of CPU with all that it calls`,
    value: share * 100,
    unit: '%',
    threshold: null,
    source: record.file,
  }));
}

/** ` (runtime.mallocgc 12.3 %, ...)` for a sentence; empty where there is none. */
export function inWords(found: readonly GuideWord[]): string {
  if (found.length === 0) return '';
  return ` (${found.map(({ name, share }) => `${name} ${(share * 100).toFixed(1)} %`).join(', ')})`;
}
