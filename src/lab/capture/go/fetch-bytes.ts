import type { Milliseconds } from '../../../units.ts';

/** A whole profile of a large program has a few megabytes. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_REASON_CHARACTERS = 160;

interface FetchOptions {
  /** Of the whole answer. */
  readonly timeoutMs: Milliseconds;
  /** Ends it before. */
  readonly signal?: AbortSignal;
}

/** Bytes, or why there are none: a clause that may follow the profile's name. */
export type Fetched =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false;
      readonly reason: string /** Of HTTP, where there was an answer. */;
      readonly status?: number;
    };

/** One GET within its time; never rejects, follows no redirect, and reads no more than 64 MiB. */
export async function fetchBytes(url: string, { timeoutMs, signal }: FetchOptions): Promise<Fetched> {
  const limit = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    const bytes = await readBody(response);
    if (bytes === null) return { ok: false, reason: `the answer is larger than ${MOST_BYTES} bytes` };
    if (response.status === 200) return { ok: true, bytes };
    return { ok: false, reason: refusal(url, response, bytes), status: response.status };
  } catch (error) {
    const late = limit.aborted ? `no whole answer within ${Math.round(timeoutMs)} ms` : null;
    return { ok: false, reason: late ?? networkReason(error, url) };
  }
}

/** Null where it is too long. */
async function readBody(response: Response): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What Go's handlers and the servers around them say when they do not give a profile. */
function refusal(url: string, response: Response, body: Uint8Array): string {
  const { status } = response;
  const text = oneLine(Buffer.from(body.subarray(0, 1024)).toString('utf8'));
  const said = text === '' ? `${status}` : `${status} "${text}"`;
  if (/cpu profiling already in use/.test(text)) {
    return `another CPU profile is running in the program (${said})`;
  }
  if (/exceeds server's WriteTimeout/.test(text)) {
    return `the program's HTTP server has a shorter WriteTimeout than the profiled phase (${said})`;
  }
  if (status === 404) {
    // Go's handler marks its own refusals; without the mark nothing is registered under that path.
    return response.headers.has('x-go-pprof')
      ? `this program's Go has no such profile (${said})`
      : `${new URL(url).pathname} is not served (404): the program does not import net/http/pprof, or serves it elsewhere`;
  }
  return `the endpoint answered ${said}`;
}

/** fetch tells every failure below HTTP as "fetch failed" and the cause beside it. */
function networkReason(error: unknown, url: string): string {
  const cause = (error as { cause?: unknown }).cause ?? error;
  const { code, message } = cause as { code?: string; message?: string };
  if (code === 'ECONNREFUSED')
    return `nothing listens at ${new URL(url).host} (connection refused; check --pprof)`;
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') {
    return 'the connection was closed before the answer was whole: the program may have ended';
  }
  if (message === 'bad port') {
    return `HTTP clients refuse port ${new URL(url).port}, which belongs to another protocol; serve pprof on another one`;
  }
  if (code?.startsWith('HPE_')) return `what answers does not speak HTTP (${code})`;
  return oneLine(`${message ?? String(error)}${code === undefined ? '' : ` (${code})`}`);
}

/** Text of a stranger for one line of a report. */
function oneLine(text: string): string {
  const line = text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .replace(/\s+/g, ' ');
  return line.length <= MOST_REASON_CHARACTERS ? line : `${line.slice(0, MOST_REASON_CHARACTERS)}…`;
}
