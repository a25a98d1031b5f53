/** V8's `.cpuprofile`: Chrome's and Edge's DevTools, VS Code and 0x read it. */
import { LabError } from '../../errors.ts';
import type { Profile, ValueType } from '../profile/profile.ts';
import { mergedStacks } from './merged-stacks.ts';

/** The file has one entry a tick. At this many the finest share that it can tell is 0.002 %. */
const TICKS = 50_000;

const nanosecondsIn: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface CpuProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  hitCount: number;
  readonly children: number[];
}

/** @see https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[];
  /** Microseconds, as `endTime` and `timeDeltas`. */
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface CpuProfileOptions {
  /** Which of the profile's values; it must be a time. */
  readonly valueIndex: number;
  /** Number of a file's first line: V8 counts from 0. Default: 0. */
  readonly firstLine?: 0 | 1;
}

/**
 * A profile as ticks of equal length. The ticks of one stack stand together, heaviest branch first: their order is no
 * course of time. What a stack has beyond whole ticks goes to the next one, so that the total is right to one tick.
 *
 * @throws LabError `NOT_A_TIME` where the value is bytes or a count
 */
export function cpuProfile(profile: Profile, { valueIndex, firstLine = 0 }: CpuProfileOptions): CpuProfile {
  const valueType = profile.valueTypes[valueIndex] as ValueType;
  const nanoseconds = nanosecondsIn[valueType.unit];
  if (nanoseconds === undefined) {
    throw new LabError({
      code: 'NOT_A_TIME',
      message: `a .cpuprofile holds times, "${valueType.type}" is in ${valueType.unit}`,
      hint: 'export this profile with --format speedscope or folded, or choose another with --profile cpu',
    });
  }
  const { functions, nodes } = mergedStacks(profile, [valueIndex]);
  const total = nodes.reduce((sum, node) => sum + (node.self[0] as number), 0);
  const tickMicroseconds = Math.max(1, Math.ceil((total * nanoseconds) / 1000 / TICKS));
  const tick = (tickMicroseconds * 1000) / nanoseconds;

  const root = newNode(1, { name: '(root)', file: '', line: 0 }, 0);
  const written = nodes.map((node, index) =>
    newNode(index + 2, functions[node.function] as { name: string; file: string; line: number }, firstLine),
  );
  const samples: number[] = [];
  let reached = 0;
  for (const [index, node] of nodes.entries()) {
    const own = written[index] as CpuProfileNode;
    (node.parent < 0 ? root : (written[node.parent] as CpuProfileNode)).children.push(own.id);
    reached += node.self[0] as number;
    for (const end = Math.round(reached / tick); samples.length < end; own.hitCount++) samples.push(own.id);
  }
  return {
    nodes: [root, ...written],
    startTime: 0,
    endTime: samples.length * tickMicroseconds,
    samples,
    timeDeltas: samples.map((_, index) => (index === 0 ? 0 : tickMicroseconds)),
  };
}

function newNode(
  id: number,
  { name, file, line }: { readonly name: string; readonly file: string; readonly line: number },
  firstLine: 0 | 1,
): CpuProfileNode {
  const lineNumber = line === 0 ? -1 : line - 1 + firstLine;
  return {
    id,
    callFrame: { functionName: name, scriptId: '0', url: file, lineNumber, columnNumber: -1 },
    hitCount: 0,
    children: [],
  };
}
