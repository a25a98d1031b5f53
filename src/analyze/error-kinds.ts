/** Of which kind the errors of a tracker are, by their texts, and which function of its profile makes them, by its name. Pure. */
import { isIdle, stackOf, valueAt } from './cost-shares.ts';
import { cpuProfileOf, type Evidence } from './evidence.ts';
import type { Subject } from './finding.ts';
import type { Frame } from './profile/profile.ts';
import { LEAST_NAMING_SAMPLES } from './thresholds.ts';

export type ErrorKind =
  | 'connection id'
  | 'rate limit'
  | 'unknown torrent'
  | 'access'
  | 'malformed'
  | 'internal';

/** In the order in which a text is looked up: the most special first. */
const texts: readonly (readonly [ErrorKind, RegExp])[] = [
  ['connection id', /connection|conn[_ -]?id/i],
  [
    'rate limit',
    /\brate|limit|too (?:many|fast|often)|slow down|throttl|flood|overload|try (?:again|later)/i,
  ],
  ['unknown torrent', /torrent|info[_ -]?hash|\bhash/i],
  [
    'access',
    /regist|authori[sz]|not (?:allowed|permitted|on the list)|denied|deny|forbidden|banned|blocked|(?:white|black|allow|block)[ -]?list|passkey|permission|private/i,
  ],
  ['malformed', /malformed|invalid|bad |unsupported|parse|length|short|unknown action/i],
  ['internal', /internal|database|exception|unavailable|time[d ]?-?out|failed/i],
];

/** The kind of an error by its text; null where the text does not tell. */
export function errorKind(text: string): ErrorKind | null {
  return texts.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}

/** Names of functions that decide about errors of one kind. */
const deciders: Readonly<Record<ErrorKind, RegExp>> = {
  'connection id': /connection_?id|conn_?id/i,
  'rate limit': /limit|throttl|flood|quota|bucket|too_?(?:many|fast|often)/i,
  'unknown torrent': /allow|white_?list|black_?list|is_?known|knows|(?:is|has)_?torrent|permit|banned/i,
  access: /allow|authori[sz]|white_?list|black_?list|is_?known|knows|registered|permit|banned|forbid/i,
  malformed: /valid|malformed|parse_?error/i,
  internal: /^$/,
};

const makers = /error|fail(?:ure)?(?![a-z])|refus|reject|den(?:y|ied)|forbid/i;

/** A function of the application that stands for the errors, by its name. */
export interface ErrorMaker {
  readonly subject: Subject;
  /** `decides`: whether a request is refused; `makes`: the reply that says so. */
  readonly does: 'decides' | 'makes';
  readonly samples: number;
  readonly source: string;
}

/**
 * The application's function whose name says that it decides about errors of this kind, else the one whose name says that it makes
 * them, with all below it. A profile knows no replies, so a name is all that it has. Null where no such function has samples enough.
 */
export function errorMaker(evidence: Evidence, kind: ErrorKind | null): ErrorMaker | null {
  const loaded = cpuProfileOf(evidence);
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const index = profile.valueTypes.findIndex(({ type }) => type === 'sample' || type === 'samples');
  if (index < 0) return null;
  const seen = new Map<string, { readonly frame: Frame; samples: number }>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const own = stackOf(profile, sample).filter((frame) => frame.class === 'application');
    for (const frame of new Set(own)) {
      const key = `${frame.functionName}\0${frame.file}`;
      const entry = seen.get(key) ?? { frame, samples: 0 };
      seen.set(key, entry);
      entry.samples += valueAt(profile, index, sample);
    }
  }
  const most = (pattern: RegExp): { readonly frame: Frame; samples: number } | undefined =>
    [...seen]
      .filter(([, { frame, samples }]) => samples >= LEAST_NAMING_SAMPLES && pattern.test(nameOf(frame)))
      .sort(([a, left], [b, right]) => right.samples - left.samples || (a < b ? -1 : 1))[0]?.[1];
  const decider = kind === null ? undefined : most(deciders[kind]);
  const found = decider ?? most(makers);
  if (found === undefined) return null;
  const { frame, samples } = found;
  return {
    subject: {
      function: frame.functionName,
      file: frame.file === '' ? null : frame.file,
      line: frame.line === 0 ? null : frame.line,
    },
    does: decider === undefined ? 'makes' : 'decides',
    samples,
    source: record.file,
  };
}

/** `main.(*limiter).allow` is `allow`, `Tracker#isKnown` is `isKnown`: packages and classes are no names of what it does. */
function nameOf({ functionName }: Frame): string {
  return functionName.slice(
    Math.max(functionName.lastIndexOf('.'), functionName.lastIndexOf('#'), functionName.lastIndexOf(':')) + 1,
  );
}
