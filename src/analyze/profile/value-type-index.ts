import { LabError } from '../../errors.ts';
import type { Profile } from './profile.ts';

/**
 * Index of a value type in `profile.valueTypes` and `profile.values`.
 *
 * @param type - for example `cpu`; absent: the profile's default
 * @throws LabError `UNKNOWN_VALUE_TYPE` where the profile has no such type; the message lists those that it has
 */
export function valueTypeIndex(profile: Profile, type: string | undefined): number {
  if (type === undefined) return profile.defaultValueIndex;
  const index = profile.valueTypes.findIndex((valueType) => valueType.type === type);
  if (index < 0) {
    const known = profile.valueTypes.map((valueType) => valueType.type).join(', ');
    throw new LabError({
      code: 'UNKNOWN_VALUE_TYPE',
      message: `no value type "${type}"; the profile has ${known}`,
      hint: 'name one of those',
    });
  }
  return index;
}
