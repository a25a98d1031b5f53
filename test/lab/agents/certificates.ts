/** Certificates of a test's own, by openssl. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** Whether they can be made; else the reason, for the tests' names. */
export const opensslMissing: string | null =
  spawnSync('openssl', ['version']).status === 0 ? null : 'openssl is not installed';

/** Files in PEM form. */
export interface Certificates {
  readonly ca: string;
  readonly key: string;
  /** Of a server at the address, signed by the authority. */
  readonly certificate: string;
}

/**
 * An authority that nobody knows, and a server's certificate by it.
 *
 * @param folder - where the files go
 * @param address - IP address of the server
 */
export function makeCertificates(folder: string, address: string): Certificates {
  const file = (name: string): string => path.join(folder, name);
  const files = { ca: file('ca.pem'), key: file('server.key'), certificate: file('server.pem') };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl([
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=test authority'],
    ...['-keyout', file('ca.key'), '-out', files.ca],
  ]);
  openssl([
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=test server'],
    ...['-addext', `subjectAltName=IP:${address}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-CA', files.ca, '-CAkey', file('ca.key'), '-keyout', files.key, '-out', files.certificate],
  ]);
  return files;
}

function openssl(args: readonly string[]): void {
  const done = spawnSync('openssl', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`openssl ${args[0]}: ${done.stderr}`);
}
