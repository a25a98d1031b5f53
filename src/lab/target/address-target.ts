import { isIP } from 'node:net';
import { LabError } from '../../errors.ts';
import type { TargetRecord } from '../../run.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import { hostPort } from '../../wire/host-port.ts';
import { ProcessTree } from './process-tree.ts';
import { readProc } from './read-proc.ts';
import { udpPortsOf } from './served-ports.ts';

/** A tracker's place as the operator wrote it. */
interface TargetAddress {
  /** Name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `udp://HOST:PORT`; an IPv6 address stands in brackets. A path (`/announce`), as in a torrent file, is dropped.
 *
 * @throws LabError `BAD_TARGET`
 */
export function parseTargetAddress(text: string): TargetAddress {
  if (/^[a-z]+:\/\/[^[/?#]*:[^/?#]*:/i.test(text))
    throw badTarget(text, 'an IPv6 address stands in brackets');
  const match = /^([a-z]+):\/\/(\[[^\]]*\]|[^:/?#]*)(?::([^/?#]*))?(?:[/?#].*)?$/i.exec(text);
  if (!match) throw badTarget(text, null);
  const [, scheme = '', bracketed = '', portText] = match;
  if (scheme.toLowerCase() !== 'udp') throw badTarget(text, `its scheme is ${scheme}, not udp`);
  const host = bracketed.startsWith('[') ? bracketed.slice(1, -1) : bracketed;
  if (host === '') throw badTarget(text, 'the host is missing');
  if (bracketed.startsWith('[') && isIP(host) !== 6) throw badTarget(text, `${bracketed} is no IPv6 address`);
  if (portText === undefined || portText === '') throw badTarget(text, 'the port is missing');
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port < 1 || port > 65_535) {
    throw badTarget(text, `the port is ${portText}, not a number from 1 to 65535`);
  }
  return { host, port };
}

/** @param reason - null: nothing but that it has not the form */
function badTarget(text: string, reason: string | null): LabError {
  return new LabError({
    code: 'BAD_TARGET',
    message: `expected udp://HOST:PORT, got "${text}"${reason === null ? '' : `: ${reason}`}`,
    hint: 'pass for example --target udp://127.0.0.1:6969 or udp://[::1]:6969',
  });
}

/** A tracker that somebody else runs. */
interface AddressTarget {
  readonly record: TargetRecord;
  /** The IP address that the host stands for. */
  readonly address: string;
  readonly port: number;
  /** Null where the operator named no process. */
  readonly pid: number | null;
  /** That process and its descendants, alive now; none where it was not named. */
  pids(): readonly number[];
  /** What the operator should know of that process, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Resolves a target and describes it; nothing is sent to it. What serves there is not known: no version, and a process
 * only where the operator names one.
 *
 * @param pid - of the process on this machine that serves there; null: not known
 * @throws LabError `BAD_TARGET`, `HOST_NOT_FOUND`, `NO_SUCH_PROCESS`
 */
export async function addressTarget(text: string, pid: number | null = null): Promise<AddressTarget> {
  const { host, port } = parseTargetAddress(text);
  const { address } = await resolveEndpoint(host, port, 0);
  const tree = pid === null ? null : new ProcessTree({ pid, marker: null, ownSession: false });
  if (pid !== null && tree?.alive().length === 0) throw noSuchProcess(pid);
  const place = hostPort(host, port);
  const program = pid === null ? '' : readProc(`/proc/${pid}/comm`).trim();
  return {
    address,
    port,
    pid,
    pids: () => tree?.alive() ?? [],
    notes: pid === null ? [] : ownershipNotes(pid, tree?.alive() ?? [], port),
    record: {
      kind: 'address',
      name: program === '' ? `tracker at ${place}` : `${program} at ${place}`,
      version: null,
      runtime: null,
      address: `udp://${place}`,
      network: isLoopback(address) ? 'local' : 'remote',
      pid,
      command: null,
      receiveBuffer: null,
      socketKind: null,
      workers: null,
    },
  };
}

/** Whether the process is the one that serves. Figures of another one would look as true. */
function ownershipNotes(pid: number, pids: readonly number[], port: number): string[] {
  const ports = udpPortsOf(pids);
  if (ports === null) {
    return [
      `Process ${pid} does not let itself be looked into; whether it serves UDP port ${port} is not known. ` +
        'The lab has to run as its user or as root.',
    ];
  }
  if (ports.includes(port)) return [];
  const served = ports.length === 0 ? 'none' : ports.join(', ');
  return [
    `Process ${pid} does not serve UDP port ${port} (its UDP ports: ${served}); its figures may be of another program.`,
  ];
}

function noSuchProcess(pid: number): LabError {
  return new LabError({
    code: 'NO_SUCH_PROCESS',
    message: `there is no process ${pid} on this machine`,
    hint: 'ss -lunp shows which process serves a port; leave --pid out to measure without process figures',
  });
}

/** Whether an IP address never leaves the machine: 127.0.0.0/8, also mapped into IPv6, and ::1. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === '::1';
}

/**
 * Holds a load back from a machine that the operator has not named on purpose.
 *
 * @param address - the IP address that the URL stands for
 * @throws LabError `REMOTE_TARGET`
 */
export function refuseRemote(url: string, address: string, allowRemote: boolean): void {
  if (allowRemote || isLoopback(address)) return;
  throw new LabError({
    code: 'REMOTE_TARGET',
    message: `${url} is not on this machine (${address})`,
    hint: 'pass --allow-remote if the tracker is yours to load',
  });
}
