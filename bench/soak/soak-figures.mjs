/** What a soak comes to: figures by quarter of its time, and the checks on them. Pure. */

/** Of the first quarter nothing is judged: swarms fill, V8 compiles, the first peers expire. */
const QUARTERS = 4;
/** Slopes of a shorter time say nothing: a collection of garbage more or less decides them. */
const LEAST_JUDGED_MINUTES = 5;
const MOST_BYTES_PER_MINUTE = 1_000_000;
const MOST_GROWTH = 2;
/** P99 of a few hundred microseconds doubles by chance. */
const P99_FLOOR_NS = 2e6;
/** A second in which others took more of the machine says something of them. */
const QUIET_SHARE = 0.1;
const LEAST_QUIET_SECONDS = 30;
const tooShort = { unjudged: 'the soak was too short' };

/** Whether slopes and growth are judged: what follows the first quarter is long enough. */
export function isJudged(minutes) {
  return minutes * (1 - 1 / QUARTERS) >= LEAST_JUDGED_MINUTES;
}

/**
 * Least squares over what follows the first quarter, without the last seconds, in which the lab writes its report.
 *
 * @param samples - a second apart: `atMinutes`, `rssBytes`, `descriptors`
 */
export function memoryFigures(samples) {
  const settled = settledOf(samples);
  const counts = settled.map(({ descriptors }) => descriptors);
  return {
    slopeBytesPerMinute: slopeOf(settled.map(({ atMinutes, rssBytes }) => [atMinutes, rssBytes])),
    firstDescriptors: counts[0] ?? 0,
    mostDescriptors: counts.reduce((most, count) => Math.max(most, count), 0),
    lastDescriptors: counts.at(-1) ?? 0,
  };
}

/** The median RSS of each quarter of the samples, without the last seconds. */
export function rssByQuarter(samples) {
  return quartersOf(samples.slice(0, -2)).map((part) => median(part.map(({ rssBytes }) => rssBytes)));
}

/**
 * The clean phase by quarters: P99 of the median second, of the median quiet second, and what a request cost the tracker.
 *
 * @param timeline - rows of timeline.ndjson
 * @param cores - of this machine
 */
export function loadByQuarter(timeline, cores) {
  const of = (kind) => timeline.filter((row) => row.kind === kind);
  const machine = of('machine');
  const target = of('process');
  const busyOf = ({ busyMs, labMs }) => busyMs - labMs;
  const cpuOf = ({ cpuUserMs, cpuSystemMs }) => cpuUserMs + cpuSystemMs;
  const seconds = of('load')
    .filter(({ phase, latencyNsP99 }) => phase === 'clean' && latencyNsP99 !== null)
    .map(function secondOf({ atMs, spanMs, latencyNsP99, sent }) {
      const grown = (rows, figureOf) =>
        valueAt(rows, figureOf, atMs) - valueAt(rows, figureOf, atMs - spanMs);
      const cpuMs = grown(target, cpuOf);
      const othersShare = Math.max(0, grown(machine, busyOf) - cpuMs) / (spanMs * cores);
      return { latencyNsP99, sent, cpuMs, othersShare };
    });
  return quartersOf(seconds).map(function figuresOf(part) {
    const total = (figureOf) => part.reduce((sum, one) => sum + figureOf(one), 0);
    const quiet = part.filter(({ othersShare }) => othersShare <= QUIET_SHARE);
    return {
      seconds: part.length,
      sent: total(({ sent }) => sent),
      latencyNsP99: median(part.map((one) => one.latencyNsP99)),
      quietSeconds: quiet.length,
      quietNsP99: median(quiet.map((one) => one.latencyNsP99)),
      cpuMicrosPerRequest: (total(({ cpuMs }) => cpuMs) * 1000) / total(({ sent }) => sent),
      othersShare: median(part.map((one) => one.othersShare)),
    };
  });
}

/**
 * What a soak ends with: 1 where a check fails, else 3 where one could not be judged, else 0.
 *
 * @param checks - of the functions below; `unjudged` says why one says nothing
 */
export function exitCodeOf(checks) {
  if (checks.some(({ holds }) => !holds)) return 1;
  return checks.some(({ unjudged }) => unjudged !== undefined) ? 3 : 0;
}

/** A line for each check, then what could not be judged, where there is such. */
export function toldChecks(checks) {
  const lines = checks.map(function lineOf({ name, holds, figure, unjudged }) {
    const word = holds ? (unjudged === undefined ? 'ok  ' : 'open') : 'FAIL';
    return `${word} ${name}: ${figure}${unjudged === undefined ? '' : ` (not judged, ${unjudged})`}`;
  });
  const open = checks
    .filter(({ holds, unjudged }) => holds && unjudged !== undefined)
    .map(({ name }) => name);
  return open.length === 0 ? lines : [...lines, `Not judged: ${open.join('; ')}.`];
}

/** RSS is flat and no descriptor is leaked. */
export function memoryChecks(name, figures, judged) {
  const { slopeBytesPerMinute, firstDescriptors, mostDescriptors, lastDescriptors } = figures;
  const open = judged ? {} : tooShort;
  return [
    {
      name: `${name}: RSS is flat`,
      holds: !judged || slopeBytesPerMinute <= MOST_BYTES_PER_MINUTE,
      figure: `${(slopeBytesPerMinute / 1e6).toFixed(2)} MB/min`,
      ...open,
    },
    {
      name: `${name}: no descriptor is leaked`,
      // In a short run the first sample may be of the start, before all sockets are open.
      holds: !judged || mostDescriptors <= firstDescriptors + 2,
      figure: `${firstDescriptors} to ${lastDescriptors}, at most ${mostDescriptors}`,
      ...open,
    },
  ];
}

/**
 * P99 and cost of the last quarter against the second one. P99 is that of seconds in which the machine was quiet: where a
 * quarter has too few of them, growth is no word about the tracker.
 */
export function growthChecks(quarters, judged) {
  const [, second, , last] = quarters;
  if (second === undefined || last === undefined) return [];
  const isQuiet = Math.min(second.quietSeconds, last.quietSeconds) >= LEAST_QUIET_SECONDS;
  const limitNs = Math.max(P99_FLOOR_NS, second.quietNsP99 * MOST_GROWTH);
  const grown = last.cpuMicrosPerRequest / second.cpuMicrosPerRequest;
  return [
    {
      name: 'P99 is flat',
      holds: !judged || !isQuiet || last.quietNsP99 <= limitNs,
      figure: `${millis(second.quietNsP99)} to ${millis(last.quietNsP99)}`,
      ...(judged ? (isQuiet ? {} : { unjudged: 'the machine was not quiet' }) : tooShort),
    },
    {
      name: 'the cost of a request is flat',
      holds: !judged || grown <= MOST_GROWTH,
      figure: `${second.cpuMicrosPerRequest.toFixed(1)} to ${last.cpuMicrosPerRequest.toFixed(1)} µs of CPU`,
      ...(judged ? {} : tooShort),
    },
  ];
}

/**
 * Tracker and lab agree, and each datagram is counted once.
 *
 * @param sent - requests that the lab counts in all phases
 * @param mustExpire - the time was long enough for that
 */
export function counterChecks(counters, sent, mustExpire) {
  const sum = (prefix) =>
    Object.entries(counters)
      .filter(([name]) => name.startsWith(prefix))
      .reduce((total, [, count]) => total + count, 0);
  const received = counters['socket.received'] ?? 0;
  const lost = counters['socket.receiveDrops'] ?? 0;
  // The pre-flight sends some dozens more.
  const more = received + lost - sent;
  const expired = counters['peers.expired'] ?? 0;
  return [
    {
      name: 'the tracker counts each datagram once',
      holds: received > 0 && sum('requests.') + sum('drops.') === received,
      figure: `${received} datagrams`,
    },
    {
      name: 'the lab and the tracker agree',
      holds: more >= 0 && more < 200,
      figure: `${sent} sent, ${received} received, ${lost} dropped`,
    },
    {
      name: 'no request is refused',
      holds: sum('errors.') + sum('drops.') === 0,
      figure: `${sum('errors.')} errors, ${sum('drops.')} drops`,
    },
    {
      name: 'peers expire',
      holds: expired > 0 || !mustExpire,
      figure: `${expired} expired, ${counters['peers.ipv4'] ?? 0} left`,
      ...(mustExpire || expired > 0 ? {} : tooShort),
    },
  ];
}

/** Nanoseconds in milliseconds, or the word for none. */
export function millis(ns) {
  return Number.isNaN(ns) ? 'none' : `${(ns / 1e6).toFixed(3)} ms`;
}

function settledOf(samples) {
  return samples.slice(Math.max(2, Math.floor(samples.length / QUARTERS)), -2);
}

function quartersOf(all) {
  return Array.from({ length: QUARTERS }, (_, index) =>
    all.slice(Math.floor((all.length * index) / QUARTERS), Math.floor((all.length * (index + 1)) / QUARTERS)),
  );
}

/** A cumulative value at a moment between two rows. */
function valueAt(rows, figureOf, atMs) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].atMs < atMs) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [rows[Math.max(0, low - 1)], rows[low]];
  if (after === undefined) return Number.NaN;
  const span = after.atMs - before.atMs;
  const share = span > 0 ? Math.min(1, Math.max(0, (atMs - before.atMs) / span)) : 1;
  return figureOf(before) + share * (figureOf(after) - figureOf(before));
}

/** Of a least-squares line through [x, y]. */
function slopeOf(points) {
  const meanOf = (index) => points.reduce((total, point) => total + point[index], 0) / points.length;
  const [meanX, meanY] = [meanOf(0), meanOf(1)];
  let [over, under] = [0, 0];
  for (const [x, y] of points) {
    over += (x - meanX) * (y - meanY);
    under += (x - meanX) ** 2;
  }
  return under === 0 ? 0 : over / under;
}

/** NaN of nothing. */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
