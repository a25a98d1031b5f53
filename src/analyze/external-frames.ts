/** Which function of the tracker asks somebody outside and for what, by the frames of each runtime. Pure. */
import { callerIn, chargedFunctions, isSameSubject, stackOf, valueIndexOf } from './cost-shares.ts';
import { cpuProfileOf, type Evidence, profileOf } from './evidence.ts';
import type { Subject } from './finding.ts';
import type { Frame, Profile } from './profile/profile.ts';
import { targetRuntime } from './target-runtime.ts';
import { BLOCKING_SHARE, NOTABLE_COST_SHARE } from './thresholds.ts';

/** What is waited for, and the frames that show it. */
interface Outside {
  readonly name: string;
  readonly isFrame: (frame: Frame) => boolean;
}

const v8 =
  (files: RegExp, functions: RegExp = /./) =>
  (frame: Frame): boolean =>
    frame.runtime === 'v8' && files.test(frame.file) && functions.test(frame.functionName);
const goName =
  (functions: RegExp) =>
  (frame: Frame): boolean =>
    frame.runtime === 'go' && functions.test(frame.functionName);
const nativeName =
  (functions: RegExp) =>
  (frame: Frame): boolean =>
    frame.runtime === 'native' && functions.test(frame.functionName);

const isDnsModule = v8(/^node:(?:dns|internal\/dns)(?:\/|$)/);

const outsides: readonly Outside[] = [
  {
    name: 'a database',
    isFrame: v8(
      /(?:^|\/)node_modules\/(?:@[\w.-]+\/)?(?:pg[\w-]*|mysql2?|mariadb|redis|ioredis|mongodb|mongoose|cassandra-driver|better-sqlite3|sqlite3?|knex|sequelize|memcached|memjs)\/|^node:sqlite/,
    ),
  },
  { name: 'DNS', isFrame: isDnsModule },
  {
    name: 'HTTP',
    isFrame: v8(
      /^node:(?:_http_client|_http_agent|http|https|http2|internal\/http2|internal\/deps\/undici)(?:\/|$)|(?:^|\/)node_modules\/(?:undici|axios|got|node-fetch)\//,
    ),
  },
  { name: 'another process', isFrame: v8(/^node:(?:child_process|internal\/child_process)/) },
  { name: 'a connection', isFrame: v8(/^node:(?:net|tls|_tls_wrap)$/, /connect|^lookup|Connect/) },
  { name: 'files', isFrame: v8(/^node:(?:fs\/promises|internal\/fs\/promises)$/) },
  {
    name: 'a timer',
    isFrame: v8(
      /^node:(?:timers|timers\/promises|internal\/timers)$/,
      /^(?:setTimeout|setInterval|Timeout|TimersList|insert|insertGuarded|initAsyncResource)$/,
    ),
  },
  {
    name: 'a database',
    isFrame: goName(
      /^(?:database\/sql|github\.com\/(?:lib\/pq|go-sql-driver\/mysql|jackc\/pgx|go-redis|redis|gomodule\/redigo|mattn\/go-sqlite3)|go\.mongodb\.org|gorm\.io)[./]/,
    ),
  },
  {
    name: 'HTTP',
    isFrame: goName(/^net\/http\.(?:\(\*(?:Client|Transport|persistConn)\)|Get|Post|Head|send)/),
  },
  { name: 'DNS', isFrame: goName(/^net\.(?:\(\*Resolver\)|Lookup|lookup|\(\*resolver)/) },
  { name: 'a connection', isFrame: goName(/^net\.(?:\(\*(?:Dialer|sysDialer|TCPConn|UnixConn)\)|Dial)/) },
  { name: 'another process', isFrame: goName(/^os\/exec\./) },
  { name: 'a sleep', isFrame: goName(/^time\.Sleep$/) },
  {
    name: 'DNS',
    isFrame: nativeName(
      /^_*(?:GI_+)?(?:getaddrinfo|gethostbyname\w*|getnameinfo|res_n?(?:query|search|send))/,
    ),
  },
  {
    name: 'a database',
    isFrame: nativeName(/^(?:sqlite3_|PQ(?:exec|sendQuery|getResult)|mysql_|redisCommand|mongoc_)/),
  },
  { name: 'HTTP', isFrame: nativeName(/^(?:curl_|Curl_)/) },
  {
    name: 'a sleep',
    isFrame: nativeName(/^_*(?:GI_+|libc_)?(?:nanosleep|clock_nanosleep|usleep|sleep)(?:@.*)?$/),
  },
];

/** A function that waits for somebody outside. */
export interface OutsideCaller {
  /** What it waits for, for example `DNS`. */
  readonly name: string;
  readonly subject: Subject;
  /** Samples, goroutines or nanoseconds by which it shows. */
  readonly value: number;
  readonly unit: 'samples' | 'goroutines' | 'ms off the CPU' | 'ms waited';
  readonly source: string;
}

const isDatagramSend = v8(/^node:dgram$/, /^(?:Socket\.)?send$/);

/**
 * Whether some frame of a stack belongs to a call for somebody outside. A socket of node:dgram asks node:dns for the address
 * of every datagram, and an address in numbers is answered there and then: that is no wait for DNS.
 */
function outsideOf(whole: readonly Frame[]): string | null {
  const send = whole.findIndex(isDatagramSend);
  const stack = send < 0 ? whole : whole.filter((frame, at) => at > send || !isDnsModule(frame));
  for (const { name, isFrame } of outsides) if (stack.some(isFrame)) return name;
  return null;
}

/**
 * Who waits outside, by the best evidence that there is: wall time that cost no CPU (a thread that blocks), goroutines
 * and their waiting, else the samples of asking and of going on with the answer. Null where no stack tells.
 */
export function outsideCaller(evidence: Evidence): OutsideCaller | null {
  switch (targetRuntime(evidence)) {
    case 'node':
      return blockedCaller(evidence) ?? askingCaller(evidence);
    case 'go':
      return (
        waitingGoroutines(evidence, 'goroutine') ??
        waitingGoroutines(evidence, 'block') ??
        askingCaller(evidence)
      );
    case 'native':
      return askingCaller(evidence);
  }
}

/** JavaScript that is on the stack while its thread has no CPU time blocks its thread. */
function blockedCaller(evidence: Evidence): OutsideCaller | null {
  const loaded = profileOf(evidence, 'cpu');
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const wall = profile.valueTypes.findIndex(({ type }) => type === 'wall');
  const cpu = profile.valueTypes.findIndex(({ type }) => type === 'cpu');
  if (wall < 0 || cpu < 0 || record.durationNs <= 0) return null;
  const offCpu: Profile = {
    ...profile,
    valueTypes: [{ type: 'off-cpu', unit: 'nanoseconds' }],
    values: [
      Float64Array.from({ length: profile.sampleCount }, (_, sample) =>
        Math.max(0, (profile.values[wall]?.[sample] ?? 0) - (profile.values[cpu]?.[sample] ?? 0)),
      ),
    ],
  };
  const top = chargedFunctions(offCpu, 0)[0];
  const threads = Math.max(1, record.threads.length);
  if (top === undefined || top.value < NOTABLE_COST_SHARE * record.durationNs * threads) return null;
  const inWall = chargedFunctions(profile, wall).find(({ subject }) => isSameSubject(subject, top.subject));
  if (inWall === undefined || top.value < inWall.value * BLOCKING_SHARE) return null;
  const leaf = top.through[0]?.function ?? '';
  return {
    name: outsideOfSubject(offCpu, top.subject) ?? (leaf === 'itself' ? 'something' : leaf),
    subject: top.subject,
    value: top.value / 1e6,
    unit: 'ms off the CPU',
    source: record.file,
  };
}

function outsideOfSubject(profile: Profile, subject: Subject): string | null {
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = stackOf(profile, sample);
    const caller = callerIn(stack);
    if (caller?.functionName !== subject.function) continue;
    const name = outsideOf(stack.slice(0, stack.indexOf(caller)));
    if (name !== null) return name;
  }
  return null;
}

function askingCaller(evidence: Evidence): OutsideCaller | null {
  const loaded = cpuProfileOf(evidence);
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const index = profile.valueTypes.findIndex(({ type }) => type === 'sample' || type === 'samples');
  return most(profile, index, record.file, 'samples', () => true);
}

/** The pprof endpoint itself answers by net/http, and a goroutine that serves the socket waits for datagrams. */
const isServing = goName(
  /^net\/http\.\(\*(?:Server|conn|connReader)\)|^net\/http\/pprof\.|^net\.\(\*UDPConn\)/,
);

function waitingGoroutines(evidence: Evidence, kind: 'goroutine' | 'block'): OutsideCaller | null {
  const loaded = profileOf(evidence, kind);
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const index = valueIndexOf(profile, kind === 'goroutine' ? 'goroutine' : 'delay');
  const unit = kind === 'goroutine' ? 'goroutines' : 'ms waited';
  const found = most(profile, index, record.file, unit, (stack) => !stack.some(isServing));
  return found === null || kind === 'goroutine' ? found : { ...found, value: found.value / 1e6 };
}

/** The function with most of what goes outside; a value type that the profile lacks (below 0) counts its samples. */
function most(
  profile: Profile,
  valueIndex: number,
  source: string,
  unit: OutsideCaller['unit'],
  isCounted: (stack: readonly Frame[]) => boolean,
): OutsideCaller | null {
  const found = new Map<string, { name: string; frame: Frame; value: number }>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = stackOf(profile, sample);
    const name = outsideOf(stack);
    const caller = stack.find((frame) => frame.class === 'application');
    if (name === null || caller === undefined || !isCounted(stack)) continue;
    const key = `${name}\0${caller.functionName}\0${caller.file}`;
    const entry = found.get(key) ?? { name, frame: caller, value: 0 };
    entry.value += valueIndex < 0 ? 1 : (profile.values[valueIndex]?.[sample] ?? 0);
    found.set(key, entry);
  }
  const [top] = [...found].sort(([a, left], [b, right]) => right.value - left.value || (a < b ? -1 : 1));
  if (top === undefined || top[1].value <= 0) return null;
  const { name, frame, value } = top[1];
  return {
    name,
    subject: {
      function: frame.functionName,
      file: frame.file === '' ? null : frame.file,
      line: frame.line === 0 ? null : frame.line,
    },
    value,
    unit,
    source,
  };
}
