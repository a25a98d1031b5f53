/** Where a socket is bound or connected: names resolved, families settled, and the errors an operator can act on. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LabError } from '../errors.ts';
import { hostPort } from './host-port.ts';
import type { AddressFamily } from './udp-socket.ts';

/** A host and port of the operator's, resolved. */
export interface Endpoint {
  /** As the operator wrote it; for messages. */
  readonly host: string;
  /** An IP address, for a link-local one with its zone. */
  readonly address: string;
  readonly family: AddressFamily;
  readonly port: number;
}

/**
 * Resolves a host to one address.
 *
 * @param family - 4 restricts the answer to IPv4, 0 takes what the system prefers
 * @throws LabError `BAD_PORT`, `HOST_NOT_FOUND`
 */
export async function resolveEndpoint(host: string, port: number, family: 0 | 4): Promise<Endpoint> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new LabError({
      code: 'BAD_PORT',
      message: `expected a port from 0 to 65535, got ${port}`,
      hint: 'pass --port 0 to let the system choose',
    });
  }
  const literal = isIP(host);
  if (literal === 4 || literal === 6) {
    return { host, address: host, family: literal, port };
  }
  try {
    if (host === '') {
      // dns.lookup answers null for it.
      throw new Error('the name is empty');
    }
    const found = await lookup(host, { family });
    return { host, address: found.address, family: found.family === 6 ? 6 : 4, port };
  } catch (cause) {
    throw new LabError({
      code: 'HOST_NOT_FOUND',
      message: `no ${family === 4 ? 'IPv4 ' : ''}address for the host ${JSON.stringify(host)} (${errorCode(cause)})`,
      hint: 'pass an IP address, or check the name',
      cause,
    });
  }
}

/** The error of a bind that failed. */
export function bindError(endpoint: Endpoint, cause: unknown): LabError {
  const where = hostPort(endpoint.host, endpoint.port);
  const code = errorCode(cause);
  if (code === 'EADDRINUSE') {
    return new LabError({
      code: 'PORT_IN_USE',
      message: `another process holds the UDP port ${where} (EADDRINUSE)`,
      hint: `stop that process (ss -lunp shows it), or pass another port; 0 lets the system choose`,
      cause,
    });
  }
  if (code === 'EADDRNOTAVAIL') {
    return new LabError({
      code: 'ADDRESS_NOT_AVAILABLE',
      message: `no interface of this machine has the address of ${where} (EADDRNOTAVAIL)`,
      hint: 'pass 127.0.0.1, or an address that ip addr lists',
      cause,
    });
  }
  return new LabError({
    code: 'BIND_FAILED',
    message: `cannot bind the UDP port ${where} (${code})`,
    hint: code === 'EACCES' ? 'pass a port from 1024 upwards' : 'check the host and the port',
    cause,
  });
}

/** The error of a connect that failed. */
export function connectError(local: Endpoint, remote: Endpoint, cause: unknown): LabError {
  return new LabError({
    code: 'CONNECT_FAILED',
    message: `cannot reach ${hostPort(remote.host, remote.port)} from ${local.address} (${errorCode(cause)})`,
    hint: 'check the address, and that both ends are of one address family',
    cause,
  });
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
