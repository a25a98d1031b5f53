import { isIP } from 'node:net';
import { LabError } from '../../errors.ts';
import type { TargetRecord } from '../../run.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import { hostPort } from '../../wire/host-port.ts';

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
  if (!match) throw badTarget(text, 'it is not of the form udp://HOST:PORT');
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

function badTarget(text: string, reason: string): LabError {
  return new LabError({
    code: 'BAD_TARGET',
    message: `expected udp://HOST:PORT, got "${text}": ${reason}`,
    hint: 'pass for example --target udp://127.0.0.1:6969 or udp://[::1]:6969',
  });
}

/** A tracker that somebody else runs. */
interface AddressTarget {
  readonly record: TargetRecord;
  /** The IP address that the host stands for. */
  readonly address: string;
  readonly port: number;
}

/**
 * Resolves a target and describes it; nothing is sent to it. What serves there is not known: no version, no process.
 *
 * @throws LabError `BAD_TARGET`, `HOST_NOT_FOUND`
 */
export async function addressTarget(text: string): Promise<AddressTarget> {
  const { host, port } = parseTargetAddress(text);
  const { address } = await resolveEndpoint(host, port, 0);
  return {
    address,
    port,
    record: {
      kind: 'address',
      name: `tracker at ${hostPort(host, port)}`,
      version: null,
      runtime: null,
      address: `udp://${hostPort(host, port)}`,
      network: isLoopback(address) ? 'local' : 'remote',
      pid: null,
      command: null,
      receiveBuffer: null,
      socketKind: null,
    },
  };
}

/** Whether an IP address never leaves the machine: 127.0.0.0/8, also mapped into IPv6, and ::1. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === '::1';
}
