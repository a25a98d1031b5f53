/** Parsers of the texts in which a Linux system tells about itself. Pure; each answers null where a field is missing. */

/** Columns of the `cpu` line of /proc/stat. @see man 5 proc_stat */
const Column = { idle: 3, ioWait: 4, steal: 7, guest: 8 } as const;

/**
 * CPU time of the whole machine since its start, in clock ticks, all cores added up.
 *
 * @returns `busy`: neither idle nor waiting for a disk, stolen time included since somebody else had the core
 */
export function parseMachineTicks(stat: string): { readonly busy: number; readonly total: number } | null {
  const line = /^cpu\s+([\d ]+)$/m.exec(stat)?.[1];
  if (line === undefined) return null;
  // Guest time stands in user time already.
  const ticks = line.trim().split(/\s+/).map(Number).slice(0, Column.guest);
  if (ticks.length <= Column.ioWait) return null;
  const total = ticks.reduce((sum, one) => sum + one, 0);
  return { busy: total - (ticks[Column.idle] ?? 0) - (ticks[Column.ioWait] ?? 0), total };
}

/** "Max open files" of /proc/self/limits. */
export function parseOpenFiles(limits: string): { readonly soft: number; readonly hard: number } | null {
  const match = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(limits);
  if (match === null) return null;
  const [soft, hard] = match.slice(1).map((word) => (word === 'unlimited' ? Infinity : Number(word)));
  return { soft: soft as number, hard: hard as number };
}

/** The effective capabilities in /proc/self/status, by number; empty where they are not told. */
export function parseCapabilities(status: string): ReadonlySet<number> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const numbers = Array.from({ length: 64 }, (_, number) => number);
  return new Set(numbers.filter((number) => ((mask >> BigInt(number)) & 1n) === 1n));
}

/** `ID` and the words of `ID_LIKE` of an os-release file. */
export function parseDistributions(osRelease: string): readonly string[] {
  return ['ID', 'ID_LIKE'].flatMap((name) => {
    const value = new RegExp(`^${name}=(.*)$`, 'm').exec(osRelease)?.[1] ?? '';
    return value.replaceAll(/["']/g, '').split(/\s+/).filter(Boolean);
  });
}
