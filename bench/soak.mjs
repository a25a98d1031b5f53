/**
 * A long run at a steady rate: `npm run soak -- --minutes 10`. Our tracker, whose peers expire within seconds, under the
 * lab; what both hold in memory, descriptors and counters is read from the outside, and must be flat. Linux only.
 *
 * Exit code 0: every check holds; 1: one does not; 2: usage.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, rate: { type: 'string' } } });
const minutes = Number(values.minutes ?? 60);
const ratePerSecond = Number(values.rate ?? 2000);
if (!(minutes > 0 && ratePerSecond > 0)) {
  process.stderr.write('usage: npm run soak -- --minutes N [--rate REQUESTS_PER_SECOND]\n');
  process.exit(2);
}

/** Of the first part of the time nothing is judged: swarms fill, V8 compiles, the first peers expire. */
const SETTLING_SHARE = 0.25;
/** Slopes of a shorter time say nothing: a collection of garbage more or less decides them. */
const LEAST_SLOPE_MINUTES = 5;
const MOST_BYTES_PER_MINUTE = 1_000_000;
const MOST_P99_GROWTH = 2;
/** P99 of a few hundred microseconds doubles by chance. */
const P99_FLOOR_NS = 2e6;
const INTERVAL_S = 10;
/** The tracker's life of a peer, and one walk over all of them. */
const EXPIRY_S = 75;

const dist = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
const out = mkdtempSync(path.join(tmpdir(), 'tracker-lab-soak-'));

const tracker = fork(
  dist('tracker/main.js'),
  ['--host', '127.0.0.1', '--port', '0', '--interval', `${INTERVAL_S}`],
  { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
);
const stopped = new Promise((resolve) => {
  tracker.on('message', (message) => {
    if (message.type === 'tracker-stopped') resolve(message.counters);
  });
  tracker.once('exit', () => resolve({}));
});
const { port } = await new Promise((resolve) => tracker.once('message', resolve));
const lab = spawn(
  process.execPath,
  [
    ...[dist('cli/main.js'), '--out', out, '--json', '--quiet', '--target', `udp://127.0.0.1:${port}`],
    ...['--pid', `${tracker.pid}`, '--scenario', 'heavy', '--rate', `${ratePerSecond}`, '--timeout', '1s'],
    ...['--warmup', '1s', '--duration', `${Math.round(minutes * 60_000)}ms`, '--profile-duration', '0'],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
process.once('exit', () => {
  for (const child of [lab, tracker]) child.kill('SIGKILL');
  rmSync(out, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

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
const exitCode = await new Promise((resolve) => lab.once('exit', resolve));
clearInterval(sampler);
tracker.kill('SIGTERM');
const counters = await stopped;

const checks = [];
const check = (name, holds, figure) => checks.push({ name, holds, figure });
check(
  'the lab ends with 0, or 11 on a busy machine',
  exitCode === 0 || exitCode === 11,
  `exit code ${exitCode}`,
);
const [runName] = readdirSync(out).filter((name) => name !== 'history.jsonl');
const folder = path.join(out, runName);
const run = JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'));
const rows = readFileSync(path.join(folder, 'timeline.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

for (const [name, all] of Object.entries(samples)) {
  // The first and last seconds are start and report.
  const settled = all.slice(Math.max(2, Math.floor(all.length * SETTLING_SHARE)), -2);
  const slope = slopeOf(settled.map(({ atMinutes, rssBytes }) => [atMinutes, rssBytes]));
  const judged = minutes * (1 - SETTLING_SHARE) >= LEAST_SLOPE_MINUTES;
  const words = `${(slope / 1e6).toFixed(2)} MB/min${judged ? '' : ' (too short to judge)'}`;
  check(`${name}: RSS is flat`, !judged || slope <= MOST_BYTES_PER_MINUTE, words);
  const counts = settled.map(({ descriptors }) => descriptors);
  const [first = 0] = counts;
  check(
    `${name}: no descriptor is leaked`,
    // In a short run the first sample may be of the start, before all sockets are open.
    !judged || counts.every((count) => count <= first + 2),
    `${first} to ${counts.at(-1)}`,
  );
}

const p99 = rows
  .filter(({ kind, phase }) => kind === 'load' && phase === 'clean')
  .map((row) => row.latencyNsP99);
const half = Math.floor(p99.length / 2);
const [before, after] = [median(p99.slice(0, half)), median(p99.slice(half))];
const limit = Math.max(P99_FLOOR_NS, before * MOST_P99_GROWTH);
check('P99 is flat', after <= limit, `${(before / 1e6).toFixed(3)} ms to ${(after / 1e6).toFixed(3)} ms`);

const sum = (prefix) =>
  Object.entries(counters)
    .filter(([name]) => name.startsWith(prefix))
    .reduce((total, [, count]) => total + count, 0);
const kinds = ['connect', 'announce', 'scrape'];
const sent = kinds.reduce(
  (all, kind) => all + run.phases.reduce((total, { operations }) => total + operations[kind].sent, 0),
  0,
);
const received = counters['socket.received'] ?? 0;
const lost = counters['socket.receiveDrops'] ?? 0;
check(
  'the tracker counts each datagram once',
  sum('requests.') + sum('drops.') === received,
  `${received} datagrams`,
);
// The pre-flight sends some dozens more.
const more = received + lost - sent;
check(
  'the lab and the tracker agree',
  more >= 0 && more < 200,
  `${sent} sent, ${received} received, ${lost} dropped`,
);
check(
  'no request is refused',
  sum('errors.') + sum('drops.') === 0,
  `${sum('errors.')} errors, ${sum('drops.')} drops`,
);
const expired = counters['peers.expired'] ?? 0;
check(
  'peers expire',
  expired > 0 || minutes * 60 < EXPIRY_S,
  `${expired} expired, ${counters['peers.ipv4']} left`,
);

for (const { name, holds, figure } of checks)
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${name}: ${figure}\n`);
process.exitCode = checks.every(({ holds }) => holds) ? 0 : 1;

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

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
