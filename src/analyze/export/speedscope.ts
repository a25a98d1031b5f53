/** speedscope's own file format: https://www.speedscope.app reads it, so does its command. */
import type { LoadedProfile } from '../evidence.ts';
import type { ValueType } from '../profile/profile.ts';
import { mergedStacks, pathTo } from './merged-stacks.ts';

/** Its words for units; another unit is shown bare. @see https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources */
const units: ReadonlySet<string> = new Set([
  'bytes',
  'microseconds',
  'milliseconds',
  'nanoseconds',
  'seconds',
]);

export interface SpeedscopeOptions {
  /** Title, for example the run's id. */
  readonly name: string;
  /** Program and version that made the file. */
  readonly exporter: string;
}

interface SampledProfile {
  readonly type: 'sampled';
  readonly name: string;
  readonly unit: string;
  readonly startValue: number;
  readonly endValue: number;
  readonly samples: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

/**
 * One file with a profile for each value type of each given profile, the default value of each first. Samples are merged
 * stacks, heaviest first: their order is no course of time, so "Left Heavy" and "Sandwich" are the views that say something.
 *
 * @returns JSON text
 */
export function speedscopeFile(
  profiles: readonly LoadedProfile[],
  { name, exporter }: SpeedscopeOptions,
): string {
  const frames: { name: string; file?: string; line?: number }[] = [];
  const sampled = profiles.flatMap(({ record, profile }) => {
    const first = profile.defaultValueIndex;
    const order = [first, ...[...profile.valueTypes.keys()].filter((index) => index !== first)];
    const offset = frames.length;
    const { functions, nodes } = mergedStacks(profile, order);
    for (const one of functions) {
      frames.push({
        name: one.name,
        ...(one.file === '' ? {} : { file: one.file }),
        ...(one.line === 0 ? {} : { line: one.line }),
      });
    }
    return order.map((valueIndex, column): SampledProfile => {
      const leaves = [...nodes.keys()].filter((node) => (nodes[node]?.self[column] ?? 0) > 0);
      const weights = leaves.map((node) => nodes[node]?.self[column] as number);
      const valueType = profile.valueTypes[valueIndex] as ValueType;
      return {
        type: 'sampled',
        name: `${record.kind}, ${valueType.type}`,
        unit: units.has(valueType.unit) ? valueType.unit : 'none',
        startValue: 0,
        endValue: weights.reduce((sum, weight) => sum + weight, 0),
        samples: leaves.map((node) => pathTo(nodes, node).map((index) => index + offset)),
        weights,
      };
    });
  });
  const file = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name,
    exporter,
    // What most people came for; a run lists its profiles in the order in which they were taken.
    activeProfileIndex: Math.max(
      sampled.findIndex((one) => one.name.startsWith('cpu, ')),
      0,
    ),
    shared: { frames },
    profiles: sampled,
  };
  return `${JSON.stringify(file)}\n`;
}
