/** What kind of program the target is; it decides which words and which advice fit. Pure. */
import type { ProfileKind } from '../run.ts';
import type { Evidence } from './evidence.ts';
import type { FrameRuntime } from './profile/profile.ts';

export type TargetRuntime = 'node' | 'go' | 'native';

/** Whether a runtime as run.json names it is Go's: `go1.26.8` or `Go 1.26`. */
export function isGoRuntime(name: string | null): boolean {
  return name !== null && /^go(?:\d|\b)/i.test(name);
}

/** Profiles that only a Go program has. */
const goKinds: readonly ProfileKind[] = ['mutex', 'block', 'goroutine'];

/**
 * By what run.json says of the target and of its profiles; failing that by the frames of the profiles, the program's language before its native parts;
 * `native` where nothing tells.
 */
export function targetRuntime(evidence: Evidence): TargetRuntime {
  const { target } = evidence.run;
  if (target.runtime !== null) {
    if (/^node/i.test(target.runtime)) return 'node';
    return isGoRuntime(target.runtime) ? 'go' : 'native';
  }
  if (target.kind === 'own') return 'node';
  const records = evidence.run.profiles;
  if (records.some(({ source }) => /datadog|\bV8\b/.test(source))) return 'node';
  if (records.some(({ kind }) => goKinds.includes(kind))) return 'go';
  const seen = new Set<FrameRuntime>();
  for (const { profile } of evidence.profiles) {
    for (const frame of profile.frames) seen.add(frame.runtime);
  }
  if (seen.has('v8')) return 'node';
  return seen.has('go') ? 'go' : 'native';
}
