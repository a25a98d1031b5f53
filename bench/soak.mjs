/**
 * A long run at a steady rate: `npm run soak -- --minutes 10`. Our tracker, whose peers expire within seconds, under the
 * lab; what both hold in memory, descriptors and counters is read from the outside, and must be flat. Linux only.
 *
 * Prints figures by quarter of the time, then the checks. The first interrupt ends the run early and still prints them.
 * Exit code 0: every check holds; 1: one does not; 2: usage; 3: all that could be judged hold, and one or more could not be
 * (the soak was short, or the machine never quiet): they are named in the last line.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  counterChecks,
  exitCodeOf,
  growthChecks,
  isJudged,
  loadByQuarter,
  memoryChecks,
  memoryFigures,
  millis,
  rssByQuarter,
  toldChecks,
} from './soak/soak-figures.mjs';

const USAGE = 'usage: npm run soak -- --minutes N [--rate REQUESTS_PER_SECOND]\n';
/** With 5 hashes each: at the usual rate a client announces the same hash once in 12 s. */
const CLIENTS = 4000;
const SWARMS = 2000;
/** The tracker's life of a peer is 6 s: about half of them are gone before they announce again. */
const INTERVAL_S = 5;
/** That life, and one walk over all peers. */
const EXPIRY_S = 70;
const PROGRESS_MINUTES = 5;
/** What start, warm-up, report and a busy machine may add to the time. */
const GRACE_MS = 120_000;

const { minutes, ratePerSecond } = readArguments();
const dist = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
const out = mkdtempSync(path.join(tmpdir(), 'tracker-lab-soak-'));
const checks = [];

const tracker = fork(
  dist('tracker/main.js'),
  ['--host', '127.0.0.1', '--port', '0', '--interval', `${INTERVAL_S}`, '--log-level', 'warn'],
  { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
);
let counters = {};
const trackerEnd = new Promise((resolve) => {
  tracker.on('message', (message) => {
    if (message.type === 'tracker-stopped') counters = message.counters;
  });
  // Its last words may come after its end, and never after the channel is closed.
  const closed = new Promise((done) => tracker.once('disconnect', done));
  tracker.once('exit', (code, signal) => closed.then(() => resolve(signal ?? code)));
});
const port = await Promise.race([
  new Promise((resolve) => tracker.once('message', (message) => resolve(message.port))),
  trackerEnd.then(() => null),
]);
if (port === null) {
  process.stderr.write('the tracker ended before it served\n');
  process.exit(1);
}
const lab = spawn(
  process.execPath,
  [
    ...[dist('cli/main.js'), '--out', out, '--json', '--quiet', '--target', `udp://127.0.0.1:${port}`],
    ...['--pid', `${tracker.pid}`, '--scenario', 'heavy', '--rate', `${ratePerSecond}`, '--timeout', '1s'],
    ...['--concurrency', `${CLIENTS}`, '--swarm-hashes', `${SWARMS}`],
    ...['--warmup', '1s', '--duration', `${Math.round(minutes * 60_000)}ms`, '--profile-duration', '0'],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
const labEnd = new Promise((resolve) => lab.once('exit', (code, signal) => resolve(signal ?? code)));
process.once('exit', () => {
  for (const child of [lab, tracker]) child.kill('SIGKILL');
  rmSync(out, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    lab.kill('SIGINT');
    process.once(signal, () => process.exit(1));
  });
}
const hangs = setTimeout(() => lab.kill('SIGKILL'), minutes * 60_000 + GRACE_MS);

const samples = { tracker: [], lab: [] };
const sampler = setInterval(function sampleBoth() {
  for (const [name, { pid }] of Object.entries({ tracker, lab })) {
    try {
      const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      const descriptors = readdirSync(`/proc/${pid}/fd`).length;
      samples[name].push({
        atMinutes: performance.now() / 60_000,
        rssBytes: Number(kib) * 1024,
        descriptors,
      });
    } catch {
      // It has just ended.
    }
  }
}, 1000);
const progress = setInterval(function tellProgress() {
  const words = Object.entries(samples).map(([name, all]) => `${name} ${megabytes(all.at(-1)?.rssBytes)}`);
  process.stderr.write(`${(performance.now() / 60_000).toFixed(0)} min: RSS of ${words.join(', ')}\n`);
}, PROGRESS_MINUTES * 60_000);

const exitCode = await labEnd;
for (const timer of [sampler, progress]) clearInterval(timer);
clearTimeout(hangs);
tracker.kill('SIGTERM');
const trackerExit = await trackerEnd;
checks.push(
  {
    name: 'the lab ends with 0, or 11 on a busy machine',
    holds: exitCode === 0 || exitCode === 11,
    figure: `${exitCode}`,
  },
  { name: 'the tracker ends with 0', holds: trackerExit === 0, figure: `${trackerExit}` },
);

const judged = isJudged(minutes);
for (const [name, all] of Object.entries(samples))
  checks.push(...memoryChecks(name, memoryFigures(all), judged));
const saved = readSaved();
if (saved === null) {
  checks.push({ name: 'the run is saved', holds: false, figure: `no run.json below ${out}` });
} else {
  const { run, timeline } = saved;
  const quarters = loadByQuarter(timeline, availableParallelism());
  const outcomes = outcomesOf(run);
  checks.push(...growthChecks(quarters, judged));
  checks.push(...counterChecks(counters, outcomes.sent, minutes * 60 >= EXPIRY_S));
  printFigures(quarters, outcomes);
}
for (const line of toldChecks(checks)) process.stdout.write(`${line}\n`);
process.exitCode = exitCodeOf(checks);

function readArguments() {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' }, rate: { type: 'string' } } });
    const given = { minutes: Number(values.minutes ?? 60), ratePerSecond: Number(values.rate ?? 2000) };
    if (given.minutes > 0 && given.ratePerSecond > 0 && Number.isFinite(given.minutes)) return given;
  } catch {
    // A flag that is not known.
  }
  process.stderr.write(USAGE);
  process.exit(2);
}

/** What the lab left: its record and timeline; null where it did not come so far. */
function readSaved() {
  for (const name of readdirSync(out)) {
    const read = (file) => readFileSync(path.join(out, name, file), 'utf8');
    try {
      const run = JSON.parse(read('run.json'));
      // The last line of a run that was cut off may be a half one.
      const lines = read('timeline.ndjson').split('\n').slice(0, -1);
      return { run, timeline: lines.map((line) => JSON.parse(line)) };
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(error.code)) process.stderr.write(`${name}: ${error.message}\n`);
    }
  }
  return null;
}

/** All requests of all phases by what became of them. */
function outcomesOf(run) {
  const totals = {};
  for (const { operations } of run.phases) {
    for (const counts of Object.values(operations)) {
      for (const [name, count] of Object.entries(counts)) {
        if (typeof count === 'number') totals[name] = (totals[name] ?? 0) + count;
      }
    }
  }
  return totals;
}

function printFigures(quarters, outcomes) {
  const rss = { tracker: rssByQuarter(samples.tracker), lab: rssByQuarter(samples.lab) };
  const lines = [
    `Soak: ${minutes} min at ${ratePerSecond} requests/s, Node ${process.version}, ${availableParallelism()} cores.`,
    '',
    '| quarter | requests | P99, median second | quiet seconds | P99 of those | CPU a request | RSS of tracker | of lab | taken by others |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...quarters.map(function rowOf(figures, index) {
      const cells = [
        index + 1,
        figures.sent,
        millis(figures.latencyNsP99),
        `${figures.quietSeconds} of ${figures.seconds}`,
        millis(figures.quietNsP99),
        `${figures.cpuMicrosPerRequest.toFixed(1)} µs`,
        megabytes(rss.tracker[index]),
        megabytes(rss.lab[index]),
        `${(figures.othersShare * 100).toFixed(0)} %`,
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    '',
    `Requests: ${wordsOf(outcomes)}`,
    `Tracker: ${wordsOf(counters)}`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function wordsOf(counts) {
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  return told.map(([name, count]) => `${name} ${count}`).join(', ');
}

function megabytes(bytes) {
  return bytes === undefined || Number.isNaN(bytes) ? 'unknown' : `${(bytes / 1e6).toFixed(1)} MB`;
}
