import type { Profile } from './profile.ts';

/** What pprof prints after a row's name; empty where the function was never inlined. */
export type InlineLabel = '' | '(inline)' | '(partial-inline)';

/** pprof's default for `-edgefraction`: calls of less weight do not count. */
const EDGE_FRACTION = 0.001;

export interface InlineLabelsInput {
  readonly profile: Profile;
  readonly values: Float64Array | undefined;
  readonly rowOfFrame: Uint32Array;
  /** The rows shown; labels are in this order. */
  readonly shown: readonly number[];
  /** Sum of flat of all rows. */
  readonly flatSum: number;
}

/**
 * Which of the rows shown were inlined, judged as pprof does: by the calls to it from the other rows shown, frames of
 * rows that are not shown being passed over.
 */
export function inlineLabels(input: InlineLabelsInput): InlineLabel[] {
  const { profile, shown } = input;
  const shownRows = new Set(shown);
  const inlined = profile.frames.some(
    (frame, index) => frame.inlined === true && shownRows.has(input.rowOfFrame[index] as number),
  );
  if (!inlined) return shown.map(() => '');
  const edges = callsBetween(input);
  const cutoff = Math.abs(Math.trunc(input.flatSum * EDGE_FRACTION));
  const always = new Set<number>();
  const never = new Set<number>();
  for (const [key, edge] of edges) {
    if (Math.abs(edge.weight) < cutoff) continue;
    const callee = key % shown.length;
    if (edge.inlined) always.add(callee);
    else never.add(callee);
  }
  return shown.map((_, place) => {
    if (!always.has(place)) return '';
    return never.has(place) ? '(partial-inline)' : '(inline)';
  });
}

interface Call {
  weight: number;
  /** No call of this pair was a real one. */
  inlined: boolean;
  /** The last sample it was counted in, from 1. */
  seen: number;
}

/** Calls by `caller * shown.length + callee`, both as places in `shown`. */
function callsBetween({ profile, values, rowOfFrame, shown }: InlineLabelsInput): Map<number, Call> {
  const places = new Map(shown.map((row, place) => [row, place]));
  const placeOfFrame = Int32Array.from(rowOfFrame, (row) => places.get(row) ?? -1);
  const inlinedFrames = Uint8Array.from(profile.frames, (frame) => (frame.inlined === true ? 1 : 0));
  const calls = new Map<number, Call>();
  const { stackStart, stackFrames } = profile;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const value = values?.[sample] ?? 0;
    if (value === 0) continue;
    const start = stackStart[sample] as number;
    let caller = -1;
    for (let at = (stackStart[sample + 1] as number) - 1; at >= start; at--) {
      const frame = stackFrames[at] as number;
      const place = placeOfFrame[frame] as number;
      if (place < 0) continue;
      if (caller >= 0 && caller !== place) {
        addCall(calls, caller * shown.length + place, value, inlinedFrames[frame] === 1, sample + 1);
      }
      caller = place;
    }
  }
  return calls;
}

function addCall(calls: Map<number, Call>, key: number, value: number, inlined: boolean, mark: number): void {
  const call = calls.get(key);
  if (call === undefined) calls.set(key, { weight: value, inlined, seen: mark });
  else if (call.seen !== mark) {
    call.weight += value;
    call.inlined &&= inlined;
    call.seen = mark;
  }
}
