import type { Profile } from 'pprof-format';
import type { Snapshot } from '../../../../src/lab/capture/go/read-snapshot.ts';
import { ProfileBuilder } from '../../../../src/lab/capture/profile-builder.ts';

export interface CountersOptions {
  readonly types?: readonly string[];
  readonly timeNanos?: number;
  readonly period?: number;
}

/** Value types of Go's mutex and block profiles. */
export const contentionTypes = ['contentions', 'delay'];
/** Value types of Go's heap profile. */
export const heapTypes = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];

/** A profile of stacks written as `leaf < caller`, each with its values. */
export function countersOf(
  stacks: Readonly<Record<string, readonly number[]>>,
  { types = contentionTypes, timeNanos = 1e9, period = 1 }: CountersOptions = {},
): Profile {
  const valueTypes = types.map((type) => [type, 'count'] as const);
  const builder = new ProfileBuilder({
    valueTypes,
    defaultType: types.at(-1) ?? '',
    periodType: ['space', 'bytes'],
    period,
  });
  for (const [stack, values] of Object.entries(stacks)) {
    const ids = stack.split(' < ').map((name) => builder.location({ name, file: 'main.go', line: 1 }));
    builder.add(ids, values, null);
  }
  return builder.build(timeNanos, 0);
}

export function snapshotOf(profile: Profile): Snapshot {
  const valueTypes = profile.sampleType.map(({ type }) => profile.stringTable.strings[Number(type)] ?? '');
  return { profile, valueTypes };
}

/** The stacks of a profile as {@link countersOf} takes them; values of equal stacks added up. */
export function stacksOf(profile: Profile): Record<string, number[]> {
  const names = new Map(
    profile.function.map(({ id, name }) => [Number(id), profile.stringTable.strings[Number(name)] ?? '']),
  );
  const locations = new Map(
    profile.location.map(({ id, line }) => [
      Number(id),
      line.map((one) => names.get(Number(one.functionId))).join(' < '),
    ]),
  );
  const stacks: Record<string, number[]> = {};
  for (const { locationId, value } of profile.sample) {
    const stack = locationId.map((id) => locations.get(Number(id))).join(' < ');
    const before = stacks[stack];
    stacks[stack] = value.map(
      (one, index) => Number(BigInt.asIntN(64, BigInt(one))) + (before?.[index] ?? 0),
    );
  }
  return stacks;
}
