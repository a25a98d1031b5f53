/**
 * The rows of `go tool pprof -top`, equal to it to the digit where it is asked not to rewrite names
 * (`-symbolize=none`; by default it shortens names that look like C++).
 */
import { type InlineLabel, inlineLabels } from './inline-labels.ts';
import type { Profile, TopRow, TopTable } from './profile.ts';
import { valueTypeIndex } from './value-type-index.ts';

/** What makes two frames one row: the name, the name and file, or those and the line. pprof's `-functions` etc. */
export type TopGranularity = 'functions' | 'filefunctions' | 'lines';

export interface TopTableOptions {
  /** For example `cpu`. Default: the profile's own default. */
  readonly valueType?: string;
  /** Most rows; 0: all. Default 10. */
  readonly count?: number;
  /** Default `functions`. */
  readonly granularity?: TopGranularity;
  /** Default `flat`. */
  readonly sort?: 'flat' | 'cum';
}

/** A top table with what its header lines tell. */
export interface PprofTop extends TopTable<TopRow> {
  readonly granularity: TopGranularity;
  /** Time the profile was taken, Unix epoch; 0 where the file does not tell. */
  readonly timeNs: number;
  /** Sum of `flat` of the rows shown. */
  readonly shownFlat: number;
  /** Rows left out because |cum| is under 0.5 % of the sum of all rows' flat. */
  readonly droppedRows: number;
  /** By row: whether its code was compiled into a caller shown here, always or in part. */
  readonly inlineLabels: readonly InlineLabel[];
}

/** pprof's default for `-nodefraction`. */
export const NODE_FRACTION = 0.005;
const DEFAULT_COUNT = 10;

/**
 * The costliest functions of a profile.
 *
 * - `flat`: of the samples whose leaf the row is; `cum`: of the samples that it is in, each counted once
 * - `total`: of the absolute values of all samples, as pprof has it, so that a difference of profiles has one too
 * - `file`, `line` and `class` of a row: those of its costliest frame, by flat and then by cum
 *
 * @throws LabError `UNKNOWN_VALUE_TYPE`
 */
export function topTable(profile: Profile, options: TopTableOptions = {}): PprofTop {
  const valueIndex = valueTypeIndex(profile, options.valueType);
  const granularity = options.granularity ?? 'functions';
  const { rowOfFrame, rowNames } = groupFrames(profile, granularity);
  const sums = sumSamples(profile, valueIndex, rowOfFrame, rowNames.length);

  const all: number[] = [];
  let flatSum = 0;
  for (let row = 0; row < rowNames.length; row++) {
    const flat = sums.rowFlat[row] as number;
    if (flat === 0 && sums.rowCum[row] === 0) continue;
    all.push(row);
    flatSum += flat;
  }
  const cutoff = Math.abs(Math.trunc(flatSum * NODE_FRACTION));
  const kept = all.filter((row) => Math.abs(sums.rowCum[row] as number) >= cutoff);
  sortRows(kept, rowNames, sums, options.sort ?? 'flat');
  const count = options.count ?? DEFAULT_COUNT;
  const shown = count > 0 ? kept.slice(0, count) : kept;

  const costliest = costliestFrames(profile, rowOfFrame, rowNames.length, sums);
  const percentOf = (value: number): number => (sums.total === 0 ? 0 : (value / sums.total) * 100);
  let runningFlat = 0;
  const rows = shown.map(function toTopRow(row): TopRow {
    const flat = sums.rowFlat[row] as number;
    const cum = sums.rowCum[row] as number;
    const frame = profile.frames[costliest[row] as number];
    runningFlat += flat;
    return {
      functionName: frame?.functionName ?? '',
      file: frame?.file ?? '',
      line: frame?.line ?? 0,
      class: frame?.class ?? 'runtime',
      flat,
      flatPercent: percentOf(flat),
      sumPercent: percentOf(runningFlat),
      cum,
      cumPercent: percentOf(cum),
    };
  });
  return {
    valueType: profile.valueTypes[valueIndex] ?? { type: '', unit: '' },
    total: sums.total,
    durationNs: profile.durationNs,
    timeNs: profile.timeNs,
    granularity,
    rows,
    shownFlat: runningFlat,
    droppedRows: all.length - kept.length,
    omittedRows: all.length - shown.length,
    inlineLabels: inlineLabels({ profile, values: profile.values[valueIndex], rowOfFrame, shown, flatSum }),
  };
}

/** Numbers the rows of a granularity; `rowOfFrame` is by frame. */
function groupFrames(
  profile: Profile,
  granularity: TopGranularity,
): { readonly rowOfFrame: Uint32Array; readonly rowNames: readonly string[] } {
  const rowOfFrame = new Uint32Array(profile.frames.length);
  const rows = new Map<string, number>();
  for (const [index, frame] of profile.frames.entries()) {
    const name = topRowName(frame, granularity);
    let row = rows.get(name);
    if (row === undefined) {
      row = rows.size;
      rows.set(name, row);
    }
    rowOfFrame[index] = row;
  }
  return { rowOfFrame, rowNames: [...rows.keys()] };
}

/** The name that pprof prints for a row. */
export function topRowName(
  frame: { readonly functionName: string; readonly file: string; readonly line: number },
  granularity: TopGranularity,
): string {
  if (granularity === 'functions') return frame.functionName;
  if (granularity === 'lines' && frame.line > 0) return `${frame.functionName} ${frame.file}:${frame.line}`;
  return frame.file === '' ? frame.functionName : `${frame.functionName} ${frame.file}`;
}

interface Sums {
  readonly total: number;
  readonly rowFlat: Float64Array;
  readonly rowCum: Float64Array;
  readonly frameFlat: Float64Array;
  readonly frameCum: Float64Array;
}

function sumSamples(profile: Profile, valueIndex: number, rowOfFrame: Uint32Array, rowCount: number): Sums {
  const { stackStart, stackFrames, sampleCount } = profile;
  const values = profile.values[valueIndex] ?? new Float64Array(sampleCount);
  const frameCount = profile.frames.length;
  const rowFlat = new Float64Array(rowCount);
  const rowCum = new Float64Array(rowCount);
  const frameFlat = new Float64Array(frameCount);
  const frameCum = new Float64Array(frameCount);
  // The last sample (counted from 1) in which a row or frame was met: recursion counts once.
  const rowSeen = new Uint32Array(rowCount);
  const frameSeen = new Uint32Array(frameCount);
  let total = 0;
  for (let sample = 0; sample < sampleCount; sample++) {
    const value = values[sample] as number;
    if (value === 0) continue;
    total += Math.abs(value);
    const start = stackStart[sample] as number;
    const end = stackStart[sample + 1] as number;
    const mark = sample + 1;
    for (let at = start; at < end; at++) {
      const frame = stackFrames[at] as number;
      if (frameSeen[frame] === mark) continue;
      frameSeen[frame] = mark;
      frameCum[frame] = (frameCum[frame] as number) + value;
      const row = rowOfFrame[frame] as number;
      if (rowSeen[row] === mark) continue;
      rowSeen[row] = mark;
      rowCum[row] = (rowCum[row] as number) + value;
    }
    if (start < end) {
      const leaf = stackFrames[start] as number;
      const row = rowOfFrame[leaf] as number;
      frameFlat[leaf] = (frameFlat[leaf] as number) + value;
      rowFlat[row] = (rowFlat[row] as number) + value;
    }
  }
  return { total, rowFlat, rowCum, frameFlat, frameCum };
}

/** Sorts as pprof does: by size, then by name, then by the other size. */
function sortRows(rows: number[], names: readonly string[], sums: Sums, sort: 'flat' | 'cum'): void {
  const first = sort === 'flat' ? sums.rowFlat : sums.rowCum;
  const last = sort === 'flat' ? sums.rowCum : sums.rowFlat;
  const size = (sizes: Float64Array, row: number): number => Math.abs(sizes[row] as number);
  rows.sort(function compareRows(left, right) {
    const bySize = size(first, right) - size(first, left);
    if (bySize !== 0) return bySize;
    const leftName = names[left] as string;
    const rightName = names[right] as string;
    if (leftName !== rightName) return leftName < rightName ? -1 : 1;
    return size(last, right) - size(last, left);
  });
}

/** By row, the frame with the largest flat; among equals, with the largest cum. */
function costliestFrames(
  profile: Profile,
  rowOfFrame: Uint32Array,
  rowCount: number,
  sums: Sums,
): Int32Array {
  const costliest = new Int32Array(rowCount).fill(-1);
  for (let frame = 0; frame < profile.frames.length; frame++) {
    const row = rowOfFrame[frame] as number;
    const best = costliest[row] as number;
    if (best < 0) {
      costliest[row] = frame;
      continue;
    }
    const byFlat = Math.abs(sums.frameFlat[frame] as number) - Math.abs(sums.frameFlat[best] as number);
    const byCum = Math.abs(sums.frameCum[frame] as number) - Math.abs(sums.frameCum[best] as number);
    if (byFlat > 0 || (byFlat === 0 && byCum > 0)) costliest[row] = frame;
  }
  return costliest;
}
