/** What fields a run has, whatever their values. */

/** Their keys are data: counters, texts, settings. */
const RECORDS = new Set(['settingSources', 'trackerCounters', 'errorTexts']);

interface Shape {
  /** Every field, as `phases[].threads[].cpuShare`. */
  readonly fields: ReadonlySet<string>;
  /** Fields that were null or an empty list somewhere: below them nothing is known. */
  readonly holes: ReadonlySet<string>;
}

function shapeOf(value: unknown): Shape {
  const shape = { fields: new Set<string>(), holes: new Set<string>() };
  gather(value, '', shape);
  return shape;
}

function gather(value: unknown, at: string, shape: { fields: Set<string>; holes: Set<string> }): void {
  if (value === null || (Array.isArray(value) && value.length === 0)) shape.holes.add(at);
  else if (Array.isArray(value)) for (const one of value) gather(one, `${at}[]`, shape);
  else if (typeof value === 'object') {
    for (const [key, below] of Object.entries(value)) {
      const field = at === '' ? key : `${at}.${key}`;
      shape.fields.add(field);
      if (!RECORDS.has(key)) gather(below, field, shape);
    }
  }
}

/** The fields that only one of two values has, but for what lies below a null or an empty list of the other. */
export function differentFields(one: unknown, other: unknown): string[] {
  const [a, b] = [shapeOf(one), shapeOf(other)];
  return [...missingFrom(b, a), ...missingFrom(a, b)].sort();
}

function missingFrom(shape: Shape, from: Shape): string[] {
  const belowHole = (field: string) =>
    [...shape.holes].some((hole) => field.startsWith(`${hole}.`) || field.startsWith(`${hole}[]`));
  return [...from.fields].filter((field) => !shape.fields.has(field) && !belowHole(field));
}
