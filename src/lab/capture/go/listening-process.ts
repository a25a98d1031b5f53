import { readdir, readFile, readlink } from 'node:fs/promises';

const STATE_LISTEN = '0A';

/**
 * The process that listens on a TCP port of this machine, by the sockets in /proc. Null where there is none or more
 * than one, where it belongs to another user, or where there is no /proc.
 */
export async function listeningProcess(port: number): Promise<number | null> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const sockets = new Set(
    tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return null;
  const owners: number[] = [];
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await holdsOne(pid, sockets))) owners.push(Number(pid));
  }
  return owners.length === 1 ? (owners[0] as number) : null;
}

/** Columns: sl, local_address (hex address:port), rem_address, st, …, inode at 9. @see man 5 proc_pid_net */
function listeningInodes(table: string, port: number): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[3] === STATE_LISTEN)
    .filter((columns) => Number.parseInt(columns[1]?.split(':')[1] ?? '', 16) === port)
    .map((columns) => columns[9] ?? '');
}

async function holdsOne(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  // A process may end between two reads, and those of other users tell nothing.
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    if (sockets.has(link)) return true;
  }
  return false;
}
