/** The capacity of a tracker as lines for a terminal and as Markdown. Pure. */

import { printable } from '../../printable.ts';
import { formatCount, formatDuration, formatLatency, formatShare, significant } from '../report/format.ts';
import { bullets, escapeCell, escapeText, table } from '../report/markdown-text.ts';
import type { Capacity, QueueAfterOutage, SimulatedQueue } from './capacity-schema.ts';

interface Row {
  readonly name: string;
  readonly instances: string;
  readonly steady: SimulatedQueue;
  readonly afterOutage: QueueAfterOutage;
  readonly cpuShare: number;
}

const heads = ['Users', 'Instances', 'CPU of each', 'Queue, mean', 'Wait P50', 'Wait P99', 'Lost'] as const;
const outageHeads = ['Users', 'Requests', 'Queue, most', 'Wait P99', 'Lost', 'Recovered'] as const;

/** Plain text, one string a line. */
export function capacityLines(capacity: Capacity): string[] {
  const rows = rowsOf(capacity);
  return [
    printable(capacity.tracker),
    '',
    ...statements(capacity).map((line) => printable(line)),
    '',
    'The usual load:',
    ...aligned([heads, ...rows.map(steadyCells)]),
    '',
    outageTitle(capacity),
    ...aligned([outageHeads, ...rows.map(outageCells)]),
    '',
    ...capacity.notes.map((note) => `- ${printable(note)}`),
  ];
}

/** The same as a document. */
export function capacityMarkdown(capacity: Capacity): string {
  const rows = rowsOf(capacity);
  const right = (count: number): ('l' | 'r')[] => Array.from({ length: count }, () => 'r');
  return `${[
    `# Capacity: ${escapeCell(capacity.tracker)}`,
    bullets(statements(capacity).map((line) => escapeText(line))),
    '## The usual load',
    table(heads, rows.map(steadyCells), right(heads.length)),
    `## ${outageTitle(capacity).replace(/:$/, '')}`,
    table(outageHeads, rows.map(outageCells), right(outageHeads.length)),
    '## What it rests on',
    bullets(capacity.notes.map((note) => escapeText(note))),
  ].join('\n\n')}\n`;
}

function statements({
  cpuPerRequest,
  cpuPerRequestSaturated,
  cpuPerWakeUp,
  instance,
  assumptions,
  scaling,
  runs,
  measuredMix,
}: Capacity): string[] {
  const used = runs.filter((run) => run.used);
  const { mix, mixSource, receiveBuffer } = assumptions;
  const cores = instance.cores === 1 ? 'one core' : `${significant(instance.cores)} cores`;
  const micros = (value: number): string => significant(value);
  const wake =
    cpuPerWakeUp === null
      ? ''
      : ` at ${formatShare(assumptions.cpuShare)} use, ${micros(cpuPerRequestSaturated)} µs where the thread never sleeps`;
  return [
    `A request costs ${micros(cpuPerRequest.value)} µs of CPU (${micros(cpuPerRequest.low)} to ${micros(cpuPerRequest.high)})${wake}, by ${used.length === 1 ? `run ${used[0]?.runId}` : `${used.length} runs`}.`,
    `An instance (${cores}) at ${formatShare(assumptions.cpuShare)} CPU answers ${counts(instance.requestsPerSecond)} requests a second: ${counts(instance.users)} users that announce every ${interval(assumptions.intervalMs)}.`,
    `Requests: ${formatShare(mix.connect)} connects (${sourceWords[mixSource.connect]}), ${formatShare(mix.announce)} announces, ${formatShare(mix.scrape)} scrapes (${sourceWords[mixSource.scrape]}).`,
    ...(mixSource.connect === 'run' && mixSource.scrape === 'run'
      ? []
      : [
          `With the mix of the run (${formatShare(measuredMix.connect)} connects, ${formatShare(measuredMix.scrape)} scrapes) it would be ${counts(instance.usersByMeasuredMix)} users.`,
        ]),
    scaling.law === 'linear'
      ? 'Scaling: linear.'
      : `Scaling by the Universal Scalability Law: contention σ ${significant(scaling.sigma ?? 0)}, coherence κ ${significant(scaling.kappa ?? 0)}, ${scaling.peakInstances === null ? 'no peak' : `a peak at ${formatCount(scaling.peakInstances)}`}; an instance is one worker.`,
    `A receive buffer holds ${formatCount(receiveBuffer.datagrams)} requests (SO_RCVBUF ${formatCount(receiveBuffer.bytes)} bytes).`,
  ];
}

const sourceWords = { flag: 'as asked for', run: 'as in the run', 'BEP 15': 'by BEP 15' } as const;

function counts({ value, low, high }: Capacity['cpuPerRequest']): string {
  return `${rounded(value)} (${rounded(low)} to ${rounded(high)})`;
}

/** To three digits: the rest is not known. */
function rounded(value: number): string {
  return formatCount(Number(value.toPrecision(3)));
}

function rowsOf({ sizes, fullInstance, assumptions }: Capacity): Row[] {
  return [
    ...sizes.map(({ users, instances, groups, ...rest }) => ({
      name: formatCount(users),
      instances: `${instanceCount(instances)}${groups === 1 ? '' : ` in ${groups} groups`}`,
      ...rest,
    })),
    {
      name: `${rounded(fullInstance.users)} (full)`,
      instances: '1',
      cpuShare: assumptions.cpuShare,
      ...fullInstance,
    },
  ];
}

function instanceCount({ value, low, high }: Capacity['cpuPerRequest']): string {
  const [least, most] = [Math.floor(low), Math.ceil(high)];
  return least === value && most === value
    ? formatCount(value)
    : `${formatCount(value)} (${least} to ${most})`;
}

function steadyCells({ name, instances, steady, cpuShare }: Row): string[] {
  return [
    name,
    instances,
    formatShare(cpuShare),
    significant(steady.queueMean),
    latency(steady.waitNsP50),
    latency(steady.waitNsP99),
    formatShare(steady.lostShare),
  ];
}

function outageCells({ name, afterOutage }: Row): string[] {
  const { burstFactor, queueMax, waitNsP99, lostShare, recoveredAfterS, seconds } = afterOutage;
  return [
    name,
    `${burstFactor}×`,
    formatCount(queueMax),
    latency(waitNsP99),
    formatShare(lostShare),
    recoveredAfterS === null ? `not within ${seconds} s` : `${recoveredAfterS} s`,
  ];
}

function latency(valueNs: number | null): string {
  if (valueNs === null) return '- (nothing was served)';
  return valueNs < 1e6 ? `${significant(valueNs / 1000)} µs` : formatLatency(valueNs);
}

/** `30 min` where it is whole minutes. */
function interval(durationMs: number): string {
  return durationMs >= 60_000 && durationMs % 60_000 === 0
    ? `${durationMs / 60_000} min`
    : formatDuration(durationMs);
}

function outageTitle({ assumptions }: Capacity): string {
  return `After an outage of ${interval(assumptions.outageMs)}, all clients back within their retry time-outs (15 s · 2ⁿ):`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padStart(widths[column] as number))
      .join('  ')
      .trimEnd(),
  );
}
