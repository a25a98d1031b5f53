import { LabError } from '../../../errors.ts';
import { isLoopback } from '../../target/address-target.ts';

/** Where `import _ "net/http/pprof"` puts its handlers. */
const DEFAULT_PATH = '/debug/pprof';
/** An address copied from a browser may end with one of the handlers. */
const HANDLER = /\/(?:allocs|block|cmdline|goroutine|heap|mutex|profile|symbol|threadcreate|trace)$/;

interface PprofUrlOptions {
  /** Permits a host off this machine. */
  readonly allowRemote: boolean;
}

/**
 * The address of a Go program's pprof handlers without a trailing slash, for example
 * `http://127.0.0.1:6060/debug/pprof`. Where the operator gave no path it is Go's own; a query is dropped.
 *
 * A host name other than `localhost` counts as off this machine, whatever it resolves to.
 *
 * @throws LabError `BAD_PPROF_URL`, `REMOTE_PPROF`
 */
export function parsePprofUrl(text: string, options: PprofUrlOptions): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw badUrl(text, 'it is no URL');
  if (!/^https?:$/.test(url.protocol)) throw badUrl(text, `its scheme is ${url.protocol.slice(0, -1)}`);
  if (url.username !== '' || url.password !== '') throw badUrl(text, 'it holds a user name or a password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!options.allowRemote && host !== 'localhost' && !isLoopback(host)) {
    throw new LabError({
      code: 'REMOTE_PPROF',
      message: `${text} is not on this machine (${host})`,
      hint: 'pass --allow-remote if the tracker is yours to profile',
    });
  }
  const path = url.pathname.replace(/\/+$/, '').replace(HANDLER, '');
  return `${url.origin}${path === '' ? DEFAULT_PATH : path}`;
}

function badUrl(text: string, reason: string): LabError {
  return new LabError({
    code: 'BAD_PPROF_URL',
    message: `expected http://HOST:PORT/debug/pprof, got "${text}": ${reason}`,
    hint: 'pass for example --pprof http://127.0.0.1:6060/debug/pprof',
  });
}
