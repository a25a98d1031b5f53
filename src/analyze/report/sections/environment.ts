import { isGoRuntime } from '../../target-runtime.ts';
import { formatDuration, formatRate } from '../format.ts';
import { escapeCell, escapeText, figure, table, trackerAndVersion } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

/** Test Environment: what was measured, on what, with what. */
export function environmentSection(report: Report): string {
  const { environment, target } = report;
  const isGo = isGoRuntime(target.runtime);
  const gib = (environment.memoryBytes / 2 ** 30).toFixed(1);
  const buffer = target.receiveBuffer;
  const socketWords = (kind: string): string =>
    (target.workers ?? 1) > 1 ? `${target.workers} workers, ${escapeCell(kind)} each` : escapeCell(kind);
  const rows = [
    ['Date', `${escapeCell(report.startedAt.slice(0, 10))} (${escapeCell(report.startedAt)})`],
    ['Tester', escapeCell(environment.tester)],
    ['Tracker Version', trackerAndVersion(target.name, target.version)],
    [
      isGo ? 'Go Version' : 'Runtime',
      figure(
        target.runtime,
        escapeCell,
        target.kind === 'address'
          ? "the tracker's process is not the lab's own"
          : 'the program does not tell',
      ),
    ],
    ['OS', `${escapeCell(environment.os)}, kernel ${escapeCell(environment.kernel)}`],
    ['Architecture', escapeCell(environment.arch)],
    ['CPU', `${escapeCell(environment.cpuModel)}, ${environment.cpuCount} cores`],
    ['Memory', `${gib} GiB`],
    ['Network', target.network === 'local' ? 'Local' : 'Remote'],
    ['CPU pinning', pinningWords(report)],
    ['Socket', figure(target.socketKind, socketWords, 'the tracker does not tell')],
    [
      'Receive buffer',
      buffer === null
        ? 'not measured: the tracker does not tell'
        : `${buffer.givenBytes.toLocaleString('en-US')} bytes given (${buffer.askedBytes.toLocaleString('en-US')} asked)`,
    ],
    [
      'Lab',
      `tracker-lab ${escapeCell(environment.labVersion)} on Node.js ${escapeCell(environment.labNodeVersion)}`,
    ],
    ['Run', escapeCell(report.runId)],
  ];
  return `## Test Environment\n\n${table(['Parameter', 'Value'], rows)}`;
}

/** Where each side ran. The lab pins what it started, and nothing else. */
function pinningWords({ environment, target, agents }: Report): string {
  const { pinning } = environment;
  if (agents !== null) return 'none: load agents are the generator, and the tracker may use every core';
  const isForeign = target.kind === 'address';
  if (pinning === null) {
    return isForeign
      ? 'none: the generator may use every core, and the tracker is not the lab’s to pin'
      : 'none: tracker and generator share the cores';
  }
  const generator = `generator on ${escapeCell(pinning.generator)}`;
  return isForeign
    ? `${generator}; the tracker is not the lab’s to pin`
    : `tracker on ${escapeCell(pinning.target)}, ${generator}`;
}

function reasonOf(report: Report, name: string): string | undefined {
  return report.notMeasured.find((one) => one.figure === name)?.reason;
}

/** Configuration: the load that was offered; every value with its origin. */
export function configurationSection(report: Report): string {
  const { scenario } = report;
  const row = (name: string, field: string, value: string): string[] => {
    const source = report.settingSources[field];
    return [name, source === undefined ? value : `${value} (${source})`];
  };
  const rate = scenario.ratePerSecond;
  const { connect, announce, scrape } = scenario.mix;
  const rows = [
    ['Target', escapeCell(report.target.address)],
    ['Scenario', scenario.name],
    row('Duration', 'durationMs', formatDuration(scenario.durationMs)),
    row('Concurrency', 'concurrency', `${scenario.concurrency.toLocaleString('en-US')} workers`),
    row(
      'Rate Limit',
      'ratePerSecond',
      rate === 0
        ? '0, unlimited: a closed loop, one request in flight a worker'
        : `${formatRate(rate)} req/s, an open loop`,
    ),
    row('Info Hashes per Worker', 'hashesPerWorker', String(scenario.hashesPerWorker)),
    row(
      'Num Want',
      'numWant',
      scenario.numWant === -1 ? "-1, the tracker's default" : String(scenario.numWant),
    ),
    row('Warm-up', 'warmupMs', formatDuration(scenario.warmupMs)),
    report.phases.profiled === null
      ? ['Profiled phase', `none: ${escapeText(reasonOf(report, 'phases.profiled') ?? 'it was not reached')}`]
      : row('Profiled phase', 'profileDurationMs', formatDuration(scenario.profileDurationMs)),
    row('Timeout', 'timeoutMs', formatDuration(scenario.timeoutMs)),
    row('Session', 'mix', `${connect} connect, ${announce} announce, ${scrape} scrape`),
    row('Shared info hashes', 'swarmHashes', scenario.swarmHashes.toLocaleString('en-US')),
    ...(scenario.infoHashesFile === null
      ? []
      : [row('Info hashes from', 'infoHashesFile', escapeCell(scenario.infoHashesFile))]),
    row('Skew', 'skew', `Zipf exponent ${scenario.skew}`),
    row('Seed', 'seed', String(scenario.seed)),
    row('Load threads', 'loadThreads', String(scenario.loadThreads)),
  ];
  return `## Configuration\n\n${table(['Parameter', 'Value'], rows)}`;
}
