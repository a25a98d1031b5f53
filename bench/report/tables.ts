/** A result as Markdown tables, one text for each section. Pure. */
import { markdownTable } from 'markdown-table';
import { LARGE_PROFILE } from '../parts/analysis.ts';
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

function perSubject(
  part: PartResult,
  heads: readonly string[],
  cells: (cell: Cell) => readonly string[],
): string {
  return table([
    ['', 'under', ...heads],
    ...part.cells.map((cell) => [cell.subject, withThousands(cell.condition), ...cells(cell)]),
  ]);
}

function withThousands(text: string): string {
  return text.replace(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en-US'));
}

function trackersTable(part: PartResult): string {
  return perSubject(
    part,
    [
      'CPU µs per announce',
      'against ours',
      'announces/s',
      'CPU of the server',
      'of the generator',
      'peers a reply',
    ],
    (cell) => [
      spreadText(cell, 'serverCpuUs'),
      ratioText(part, cell, OURS, 'serverCpuUs'),
      spreadText(cell, 'requestsPerSecond'),
      shareText(cell, 'serverCoreShare'),
      shareText(cell, 'generatorCoreShare'),
      numberText(medianIn(cell, 'peersPerAnnounce')),
    ],
  );
}

function generatorTable(part: PartResult): string {
  return perSubject(
    part,
    ['CPU µs per request', 'against ours', 'requests/s', 'CPU of the generator'],
    (cell) => [
      spreadText(cell, 'generatorCpuUs'),
      ratioText(part, cell, 'tracker-lab', 'generatorCpuUs'),
      spreadText(cell, 'requestsPerSecond'),
      shareText(cell, 'generatorCoreShare'),
    ],
  );
}

function memoryTable(part: PartResult): string {
  return perSubject(part, ['bytes a peer', 'growth, MB', 'when empty, MB', 'filled at, peers/s'], (cell) => [
    spreadText(cell, 'bytesPerPeer'),
    spreadText(cell, 'growthBytes', 1e-6),
    spreadText(cell, 'emptyBytes', 1e-6),
    numberText(fillRate(part, cell)),
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
  return perSubject(
    part,
    ['CPU µs per announce', 'announces/s', 'P50 µs', 'P99 µs', 'peers a reply'],
    (cell) => [
      spreadText(cell, 'serverCpuUs'),
      spreadText(cell, 'requestsPerSecond'),
      numberText(medianIn(cell, 'latencyP50Us')),
      numberText(medianIn(cell, 'latencyP99Us')),
      numberText(medianIn(cell, 'peersPerAnnounce')),
    ],
  );
}

function expiryTable(part: PartResult): string {
  return perSubject(
    part,
    [
      'P50 µs',
      'P99 µs',
      'P99.9 µs',
      'longest µs',
      "tracker's longest pause µs",
      'CPU µs per announce',
      'failed',
    ],
    (cell) => [
      spreadText(cell, 'latencyP50Us'),
      spreadText(cell, 'latencyP99Us'),
      spreadText(cell, 'latencyMaxUs'),
      spreadText(cell, 'sendLagP99Us'),
      spreadText(cell, 'sendLagMaxUs'),
      spreadText(cell, 'loopDelayMaxUs'),
      shareText(cell, 'failedShare'),
    ],
  );
}

function analysisTable(part: PartResult): string {
  return perSubject(part, ['ms', 'CPU ms', 'against ours'], (cell) => [
    spreadText(cell, 'wallMs'),
    cell.condition === LARGE_PROFILE ? spreadText(cell, 'cpuMs') : '',
    cell.condition === LARGE_PROFILE ? ratioText(part, cell, 'tracker-lab analyze', 'wallMs') : '',
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

function shareText(cell: Cell, figure: string): string {
  return percentText(medianIn(cell, figure));
}

/** Median of a cell over that of our own under the same condition. */
function ratioText(part: PartResult, cell: Cell, ours: string, figure: string): string {
  const own = findCell(part, ours, cell.condition);
  const base = own === undefined ? null : medianIn(own, figure);
  const value = medianIn(cell, figure);
  return base === null || value === null || base === 0 ? 'not measured' : `${numberText(value / base)} ×`;
}
