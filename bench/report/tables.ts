/** A result as Markdown tables, one text for each section. Pure. */
import { markdownTable } from 'markdown-table';
import { LARGE_PROFILE, OUR_ANALYSER } from '../parts/analysis.ts';
import { OUR_GENERATOR } from '../parts/generator.ts';
import { OFF, profilerCost } from '../parts/profilers.ts';
import {
  type BenchResult,
  type Cell,
  findCell,
  medianOf,
  type PartName,
  type PartResult,
} from '../results.ts';
import { OURS } from '../servers/subjects.ts';
import { goalsOf, isHeld } from './goals.ts';
import { numberText, percentText, spreadText } from './number-text.ts';

export type SectionName = PartName | 'machine' | 'goals';

/** What stands in each section; one that was not measured says so. */
export function sectionsOf(result: BenchResult): Record<SectionName, string> {
  const { parts } = result;
  return {
    machine: machineText(result),
    goals: goalsText(result),
    trackers: partText(parts.trackers, trackersTable),
    generator: partText(parts.generator, generatorTable),
    memory: partText(parts.memory, memoryTable),
    growth: partText(parts.growth, growthTable),
    expiry: partText(parts.expiry, expiryTable),
    analysis: partText(parts.analysis, analysisTable),
    profilers: partText(parts.profilers, profilersTable),
    'redis-store': partText(parts['redis-store'], redisStoreTable),
  };
}

function table(rows: readonly (readonly string[])[]): string {
  const align = ['l', ...(rows[0] ?? []).slice(1).map(() => 'r')];
  return markdownTable(rows, { align });
}

function partText(part: PartResult | undefined, render: (part: PartResult) => string): string {
  if (part === undefined) return 'Not measured.';
  const { rounds, seconds, takenAt } = part;
  const window = seconds > 0 ? ` of ${seconds} s` : '';
  const lines = [`${rounds} ${rounds === 1 ? 'round' : 'rounds'}${window}, ${takenAt.slice(0, 16)}Z.`];
  if (part.smoke) lines.push('A smoke run: the figures say nothing.');
  lines.push('', ...(part.cells.length === 0 ? [] : [render(part), '']));
  lines.push(...part.notes.map((note) => `- ${note}`));
  lines.push(...part.skipped.map(({ subject, reason }) => `- Not measured: ${subject}: ${reason}.`));
  return lines.join('\n').trimEnd();
}

function machineText({ machine, versions }: BenchResult): string {
  const { pinning } = machine;
  const rows = [
    ['', ''],
    ['CPU', `${machine.cpu}, ${machine.cores} cores`],
    ['Memory', `${numberText(machine.memoryBytes / 2 ** 30)} GiB`],
    ['Kernel', machine.kernel],
    ['Virtualization', machine.virtualization ?? 'none seen'],
    ['Node.js', machine.node],
    [
      'Pinned',
      pinning === null ? 'no' : `servers on core ${pinning.server}, generators on ${pinning.generator}`,
    ],
    ...Object.entries(versions),
  ];
  return markdownTable(rows);
}

function goalsText(result: BenchResult): string {
  const words = new Map([
    [true, 'yes'],
    [false, '**no**'],
    [null, 'not measured'],
  ]);
  const rows = goalsOf(result).map((goal) => {
    const bound = goal.direction === 'most' ? '≤' : '≥';
    const reached = goal.reached === null ? 'not measured' : `${numberText(goal.reached)}${goal.unit}`;
    return [
      withThousands(goal.text),
      `${bound} ${goal.limit}${goal.unit}`,
      reached,
      words.get(isHeld(goal)) as string,
    ];
  });
  return table([['goal', 'limit', 'reached', 'holds'], ...rows]);
}

/** A column: its head, and what stands in it for a cell. */
type Column = readonly [head: string, render: (cell: Cell) => string];

function perSubject(part: PartResult, columns: readonly Column[]): string {
  const rows = part.cells.map((cell) => [
    cell.subject,
    withThousands(cell.condition),
    ...columns.map(([, render]) => render(cell)),
  ]);
  return table([['', 'under', ...columns.map(([head]) => head)], ...rows]);
}

function withThousands(text: string): string {
  return text.replace(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en-US'));
}

/** Median with its spread. */
function spread(head: string, figure: string, scale = 1): Column {
  return [head, (cell) => spreadText(cell, figure, scale)];
}

function median(head: string, figure: string): Column {
  return [head, (cell) => numberText(medianIn(cell, figure))];
}

function share(head: string, figure: string): Column {
  return [head, (cell) => percentText(medianIn(cell, figure))];
}

function trackersTable(part: PartResult): string {
  return perSubject(part, [
    spread('CPU µs per announce', 'serverCpuUs'),
    ['against ours', (cell) => ratioText(part, cell, OURS, 'serverCpuUs')],
    spread('announces/s', 'requestsPerSecond'),
    share('CPU of the server', 'serverCoreShare'),
    share('of the generator', 'generatorCoreShare'),
    median('peers a reply', 'peersPerAnnounce'),
  ]);
}

function generatorTable(part: PartResult): string {
  return perSubject(part, [
    spread('CPU µs per request', 'generatorCpuUs'),
    ['against ours', (cell) => ratioText(part, cell, OUR_GENERATOR, 'generatorCpuUs')],
    spread('requests/s', 'requestsPerSecond'),
    share('CPU of the generator', 'generatorCoreShare'),
  ]);
}

function redisStoreTable(part: PartResult): string {
  return perSubject(part, [
    spread('CPU µs per announce, tracker', 'serverCpuUs'),
    spread('Redis', 'storeCpuUs'),
    spread('announces/s', 'requestsPerSecond'),
    spread('P50 µs', 'latencyP50Us'),
    spread('P99 µs', 'latencyP99Us'),
    share('failed', 'failedShare'),
  ]);
}

function memoryTable(part: PartResult): string {
  return perSubject(part, [
    spread('bytes a peer', 'bytesPerPeer'),
    spread('growth, MB', 'growthBytes', 1e-6),
    spread('when empty, MB', 'emptyBytes', 1e-6),
    ['filled at, peers/s', (cell) => numberText(fillRate(part, cell))],
  ]);
}

/** Each step of a fill adds to the one before it. */
function fillRate(part: PartResult, cell: Cell): number | null {
  const ms = medianIn(cell, 'fillMs');
  const peers = Number(/^\d+/.exec(cell.condition)?.[0]);
  const swarms = cell.condition.replace(/^\d+/, '');
  const before = part.cells
    .filter((one) => one.subject === cell.subject && one.condition.replace(/^\d+/, '') === swarms)
    .map((one) => Number(/^\d+/.exec(one.condition)?.[0]))
    .filter((count) => count < peers);
  return ms === null || ms === 0 ? null : (peers - Math.max(0, ...before)) / (ms / 1e3);
}

function growthTable(part: PartResult): string {
  return perSubject(part, [
    spread('CPU µs per announce', 'serverCpuUs'),
    spread('announces/s', 'requestsPerSecond'),
    median('P50 µs', 'latencyP50Us'),
    median('P99 µs', 'latencyP99Us'),
    median('peers a reply', 'peersPerAnnounce'),
  ]);
}

function expiryTable(part: PartResult): string {
  return perSubject(part, [
    spread('P50 µs', 'latencyP50Us'),
    spread('P99 µs', 'latencyP99Us'),
    spread('longest µs', 'latencyMaxUs'),
    spread('sent late, P99 µs', 'sendLagP99Us'),
    spread('sent late, most µs', 'sendLagMaxUs'),
    spread("tracker's longest pause µs", 'loopDelayMaxUs'),
    share('failed', 'failedShare'),
  ]);
}

function analysisTable(part: PartResult): string {
  const isCompared = (cell: Cell): boolean => cell.condition === LARGE_PROFILE;
  return perSubject(part, [
    spread('ms', 'wallMs'),
    ['CPU ms', (cell) => (isCompared(cell) ? spreadText(cell, 'cpuMs') : '')],
    ['against ours', (cell) => (isCompared(cell) ? ratioText(part, cell, OUR_ANALYSER, 'wallMs') : '')],
  ]);
}

function profilersTable(part: PartResult): string {
  const off = medianOf(part, OURS, OFF, 'serverCpuUs');
  const rows = part.cells.map((cell) => {
    const cost = cell.condition === OFF ? 0 : profilerCost(off, medianIn(cell, 'serverCpuUs'));
    return [
      withThousands(cell.condition),
      spreadText(cell, 'serverCpuUs'),
      percentText(cost ?? null),
      spreadText(cell, 'requestsPerSecond'),
    ];
  });
  return table([['profiler', 'CPU µs per announce', 'cost', 'announces/s'], ...rows]);
}

function medianIn(cell: Cell, figure: string): number | null {
  const part = { cells: [cell] } as unknown as PartResult;
  return medianOf(part, cell.subject, cell.condition, figure);
}

/** Median of a cell over that of our own under the same condition. */
function ratioText(part: PartResult, cell: Cell, ours: string, figure: string): string {
  const own = findCell(part, ours, cell.condition);
  const base = own === undefined ? null : medianIn(own, figure);
  const value = medianIn(cell, figure);
  return base === null || value === null || base === 0 ? 'not measured' : `${numberText(value / base)} ×`;
}
