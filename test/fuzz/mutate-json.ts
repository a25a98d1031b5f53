/** What stands in the place of any value: another type, a bound of its own type, or a text that means something elsewhere. */
const hostileValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1,
  1e-300,
  1e308,
  2 ** 53,
  2 ** 31,
  '',
  '</script><img src=x onerror=alert(1)>',
  '../../etc/passwd',
  'a|b\n\u0000\u001b[2J\u2028`*',
  '__proto__',
  'x'.repeat(3000),
  [],
  {},
  [[[]]],
];

/** A copy of a JSON document with one to three values replaced, taken out, doubled or put under another name. */
export function mutateJson(document: unknown, below: (limit: number) => number): unknown {
  const copy = structuredClone(document);
  for (let change = below(3); change >= 0; change--) {
    const places = placesOf(copy);
    const { holder, key } = places[below(places.length)] as Place;
    const kind = below(12);
    // Of its own type at first: such a document gets past its schema.
    const fitting = hostileValues.filter((value) => typeof value === typeof holder[key]);
    if (kind < 7) holder[key] = fitting[below(fitting.length)];
    else if (kind < 9) holder[key] = hostileValues[below(hostileValues.length)];
    else if (kind === 9 && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
    else if (kind === 9) holder[`${key}2`] = holder[key];
    else if (kind === 10 && typeof holder[key] === 'number') holder[key] = -(holder[key] as number);
    else if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  }
  return copy;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every value of the document by where it stands; the root is no such place. */
function placesOf(value: unknown, found: Place[] = []): Place[] {
  if (value === null || typeof value !== 'object') return found;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    placesOf(holder[key], found);
  }
  return found.length === 0 ? [{ holder, key: 'extra' }] : found;
}
