import { parseUdpSockets } from './proc-text.ts';
import { listProc, readProc, readProcLink } from './read-proc.ts';

/**
 * The local UDP ports of some processes, in ascending order.
 *
 * @returns null where it is not known: no /proc, or not one of the processes lets itself be looked into
 */
export function udpPortsOf(pids: readonly number[]): number[] | null {
  const ports = new Set<number>();
  let looked = false;
  for (const pid of pids) {
    const descriptors = listProc(`/proc/${pid}/fd`);
    if (descriptors === null) continue;
    looked = true;
    const inodes = new Set(
      descriptors.map((name) => /^socket:\[(\d+)\]$/.exec(readProcLink(`/proc/${pid}/fd/${name}`))?.[1]),
    );
    for (const table of ['udp', 'udp6']) {
      for (const { inode, port } of parseUdpSockets(readProc(`/proc/${pid}/net/${table}`))) {
        if (inodes.has(inode)) ports.add(port);
      }
    }
  }
  return looked ? [...ports].sort((a, b) => a - b) : null;
}
