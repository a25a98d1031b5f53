import {
  Label,
  Line,
  Location,
  Mapping,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';

/** Says of which of the joined profiles a sample is. */
const MEMBER_LABEL = 'tracker';

/** One of the profiles that are joined. */
interface JoinedPart {
  /** Value of the label `tracker` of its samples. */
  readonly name: string;
  readonly profile: Profile;
}

/**
 * One profile with the samples of several processes, each as it is (labels, inlined functions, binaries) and labelled with whose it is.
 * Begun with the first and as long as the longest. The same function of two processes is one function; addresses are those of its process.
 *
 * @param parts - one or more
 * @throws Error where value types differ
 */
export function joinProfiles(parts: readonly JoinedPart[]): Profile {
  const strings = new StringTable();
  const joined = {
    sample: [] as Sample[],
    mapping: [] as Mapping[],
    location: [] as Location[],
    function: [] as PprofFunction[],
  };
  const functionIds = new Map<string, number>();
  const [first] = parts as readonly [JoinedPart, ...JoinedPart[]];
  const wanted = typesOf(first.profile).join(', ');

  for (const { name, profile } of parts) {
    const types = typesOf(profile).join(', ');
    if (types !== wanted) throw new Error(`${name} has the value types ${types}, not ${wanted}`);
    const text = (index: number | bigint): number => strings.dedup(textOf(profile, index));
    const mappings = new Map<number, number>();
    for (const one of profile.mapping) {
      const id = joined.mapping.length + 1;
      mappings.set(Number(one.id), id);
      joined.mapping.push(
        new Mapping({ ...one, id, filename: text(one.filename), buildId: text(one.buildId) }),
      );
    }
    const functions = new Map<number, number>();
    for (const one of profile.function) {
      const names = {
        name: text(one.name),
        systemName: text(one.systemName),
        filename: text(one.filename),
      };
      const key = [names.name, names.systemName, names.filename, one.startLine].join(' ');
      let id = functionIds.get(key);
      if (id === undefined) {
        id = joined.function.length + 1;
        functionIds.set(key, id);
        joined.function.push(new PprofFunction({ id, ...names, startLine: one.startLine }));
      }
      functions.set(Number(one.id), id);
    }
    const locations = new Map<number, number>();
    for (const one of profile.location) {
      const id = joined.location.length + 1;
      locations.set(Number(one.id), id);
      joined.location.push(
        new Location({
          id,
          mappingId: mappings.get(Number(one.mappingId)) ?? 0,
          address: one.address,
          isFolded: one.isFolded,
          line: one.line.map(
            (line) => new Line({ functionId: functions.get(Number(line.functionId)) ?? 0, line: line.line }),
          ),
        }),
      );
    }
    const whose = new Label({ key: strings.dedup(MEMBER_LABEL), str: strings.dedup(name) });
    for (const { locationId, value, label } of profile.sample) {
      const labels = label.map(
        (one) =>
          new Label({
            key: text(one.key),
            str: text(one.str),
            num: one.num,
            numUnit: text(one.numUnit),
          }),
      );
      joined.sample.push(
        new Sample({
          locationId: locationId.map((id) => locations.get(Number(id)) ?? 0),
          value: [...value],
          label: [...labels, whose],
        }),
      );
    }
  }

  const own = (type: ValueType): ValueType =>
    new ValueType({
      type: strings.dedup(textOf(first.profile, type.type)),
      unit: strings.dedup(textOf(first.profile, type.unit)),
    });
  const { sampleType, periodType, period, defaultSampleType } = first.profile;
  const profiles = parts.map(({ profile }) => profile);
  return new Profile({
    ...joined,
    sampleType: sampleType.map(own),
    ...(periodType ? { periodType: own(periodType) } : {}),
    period,
    defaultSampleType: strings.dedup(textOf(first.profile, defaultSampleType)),
    stringTable: strings,
    timeNanos: Math.min(...profiles.map(({ timeNanos }) => Number(timeNanos))),
    durationNanos: Math.max(...profiles.map(({ durationNanos }) => Number(durationNanos))),
  });
}

function typesOf(profile: Profile): string[] {
  return profile.sampleType.map(({ type, unit }) => `${textOf(profile, type)}/${textOf(profile, unit)}`);
}

function textOf(profile: Profile, index: number | bigint): string {
  return profile.stringTable.strings[Number(index)] ?? '';
}
