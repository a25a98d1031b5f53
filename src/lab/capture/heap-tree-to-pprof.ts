import type { Profile } from 'pprof-format';
import type { LocatedFrame, ScriptPosition } from './frame-locator.ts';
import { ProfileBuilder, type ProfileShape } from './profile-builder.ts';

/** A node of V8's sampling heap profile as @datadog/pprof hands it out: counts are un-sampled by V8 already. */
export interface HeapNode {
  readonly name?: string | undefined;
  readonly scriptName: string;
  readonly lineNumber?: number | undefined;
  readonly columnNumber?: number | undefined;
  readonly allocations: readonly { readonly sizeBytes: number; readonly count: number }[];
  readonly children: readonly HeapNode[];
}

export interface HeapConversion {
  /** `alloc`: everything allocated while the profiler was on. `inuse`: what was alive at its end. */
  readonly kind: 'alloc' | 'inuse';
  readonly intervalBytes: number;
  readonly locate: (position: ScriptPosition) => LocatedFrame;
  readonly timeNanos: number;
  readonly durationNanos: number;
  /**
   * Off-heap bytes that V8 knows of (`process.memoryUsage().external`): they are in no sample, so they stand as one
   * frame `(external)`. 0 leaves the frame out.
   */
  readonly externalBytes: number;
}

/** Converts a heap tree to pprof with the value types `<kind>_objects` (count) and `<kind>_space` (bytes). */
export function heapTreeToPprof(root: HeapNode, conversion: HeapConversion): Profile {
  const builder = new ProfileBuilder(heapShape(conversion.kind, conversion.intervalBytes));
  const pending: { node: HeapNode; callers: readonly number[] }[] = root.children.map((node) => ({
    node,
    callers: [],
  }));
  // The root holds what was allocated with no function on the stack.
  addAllocations(builder, root, [builder.location({ name: root.name || '(root)', file: '', line: 0 })]);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, callers } = next;
    const frame = conversion.locate({
      name: node.name,
      file: node.scriptName,
      line: node.lineNumber,
      column: node.columnNumber,
    });
    const stack = [builder.location(frame), ...callers];
    addAllocations(builder, node, stack);
    for (const child of node.children) pending.push({ node: child, callers: stack });
  }
  if (conversion.externalBytes > 0) {
    builder.add(
      [builder.location({ name: '(external)', file: '', line: 0 })],
      [1, conversion.externalBytes],
      null,
    );
  }
  return builder.build(conversion.timeNanos, conversion.durationNanos);
}

function heapShape(kind: 'alloc' | 'inuse', intervalBytes: number): ProfileShape {
  return {
    valueTypes: [
      [`${kind}_objects`, 'count'],
      [`${kind}_space`, 'bytes'],
    ],
    defaultType: `${kind}_space`,
    periodType: ['space', 'bytes'],
    period: intervalBytes,
  };
}

function addAllocations(builder: ProfileBuilder, node: HeapNode, stack: readonly number[]): void {
  let objects = 0;
  let bytes = 0;
  for (const allocation of node.allocations) {
    objects += allocation.count;
    bytes += allocation.count * allocation.sizeBytes;
  }
  if (objects > 0) builder.add(stack, [Math.round(objects), Math.round(bytes)], null);
}
