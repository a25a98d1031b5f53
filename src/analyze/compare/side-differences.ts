/** What the runs of two sides do not have in common. Pure. */
import type { ComparedRun } from './compared-run.ts';
import type { Comparison } from './comparison-schema.ts';

type Difference = Comparison['differences'][number];

interface Part {
  readonly name: string;
  readonly read: (run: ComparedRun) => unknown;
  /** A verdict would be on this part as much as on the tracker. */
  readonly bars: boolean;
}

const parts: readonly Part[] = [
  { name: 'CPU', read: ({ environment }) => environment.cpuModel, bars: true },
  { name: 'cores', read: ({ environment }) => environment.cpuCount, bars: true },
  { name: 'memory of the machine', read: ({ environment }) => environment.memoryBytes, bars: true },
  { name: 'architecture', read: ({ environment }) => environment.arch, bars: true },
  { name: 'operating system', read: ({ environment }) => environment.os, bars: false },
  { name: 'kernel', read: ({ environment }) => environment.kernel, bars: true },
  { name: 'CPU governor', read: ({ environment }) => environment.cpuGovernor, bars: true },
  {
    name: 'pinning (tracker:generator)',
    read: ({ environment: { pinning } }) =>
      pinning === null ? 'none' : `${pinning.target}:${pinning.generator}`,
    bars: true,
  },
  { name: "the lab's Node.js", read: ({ environment }) => environment.labNodeVersion, bars: false },
  { name: "the lab's version", read: ({ environment }) => environment.labVersion, bars: false },
  { name: "the tracker's runtime", read: ({ target }) => target.runtime, bars: false },
  { name: "the tracker's version", read: ({ target }) => target.version, bars: false },
  { name: "the tracker's socket", read: ({ target }) => target.socketKind, bars: false },
  { name: 'tracker', read: ({ target }) => target.name, bars: false },
];

/** Settings of the load; they are told and bar nothing: a load may be what is compared. */
function loadParts(runs: readonly ComparedRun[]): Part[] {
  const fields = new Set(runs.flatMap(({ scenario }) => Object.keys(scenario)));
  return [...fields].map((field) => ({
    name: field === 'name' ? 'scenario' : `load: ${field}`,
    read: ({ scenario }) => scenario[field as keyof ComparedRun['scenario']],
    bars: false,
  }));
}

/** A part that is not told is no difference to one that is. */
export function sideDifferences(a: readonly ComparedRun[], b: readonly ComparedRun[]): Difference[] {
  return [...parts, ...loadParts([...a, ...b])].flatMap(({ name, read, bars }) => {
    const [before, after] = [a, b].map((runs) => [
      ...new Set(
        runs
          .map(read)
          .filter((value) => value !== null && value !== undefined)
          .map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value))),
      ),
    ]) as [string[], string[]];
    const isSame = new Set([...before, ...after]).size <= 1 || before.length === 0 || after.length === 0;
    return isSame ? [] : [{ name, a: before.join(', '), b: after.join(', '), bars }];
  });
}
