/** Sends a run's pprof files to a Pyroscope server, or to whatever takes its `POST /ingest`. */
import { loadRun } from '../analyze/load-run.ts';
import type { Profile } from '../analyze/profile/profile.ts';
import { readRunFile } from '../analyze/run-file.ts';
import { ExitCode, LabError } from '../errors.ts';
import type { ProfileFile, ProfileKind, Run } from '../run.ts';
import type { Milliseconds } from '../units.ts';

/** For one file; a profile has some ten kilobytes. */
const PUSH_TIMEOUT_MS: Milliseconds = 10_000;
const KEPT_ANSWER_CHARACTERS = 200;

export interface PushOptions {
  /** `http://HOST:4040`; a path before `/ingest` is kept, name and password become a Basic authorization. */
  readonly url: string;
  /** Absent: all profiles of the run. */
  readonly profile?: ProfileKind;
}

/** One profile that was taken by the server. */
export interface PushedProfile {
  readonly file: string;
  /** Its name there, with the labels. */
  readonly name: string;
}

/**
 * Each file as it stands, labelled with run, scenario, tracker, kind and phase, one after the other.
 *
 * @see https://grafana.com/docs/pyroscope/latest/reference-server-api/ (form of `/ingest`)
 * @throws LabError `BAD_URL`, `NO_SUCH_PROFILE`, `PUSH_FAILED`
 */
export async function pushPyroscope(directory: string, options: PushOptions): Promise<PushedProfile[]> {
  const endpoint = ingestEndpoint(options.url);
  const { run, profiles } = loadRun(directory);
  const wanted = profiles.filter(
    ({ record }) => options.profile === undefined || record.kind === options.profile,
  );
  if (wanted.length === 0) {
    throw new LabError({
      code: 'NO_SUCH_PROFILE',
      message: `the run ${run.runId} has no ${options.profile ?? ''} profile to send`.replace('  ', ' '),
      hint: 'measure again with a profiled phase, or choose another with --profile',
    });
  }
  const pushed: PushedProfile[] = [];
  for (const { record, profile } of wanted) {
    const name = applicationName(run, record);
    await post(endpoint, name, run, record, profile, readRunFile(directory, record.file));
    pushed.push({ file: record.file, name });
  }
  return pushed;
}

interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

function ingestEndpoint(text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new LabError({
      code: 'BAD_URL',
      message: `expected the URL of a Pyroscope server, found "${text}"`,
      hint: 'pass it as --push-pyroscope http://127.0.0.1:4040',
    });
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/ingest$/, '')}/ingest`;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers =
    username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  return { url, headers };
}

async function post(
  { url, headers }: Endpoint,
  name: string,
  run: Run,
  record: ProfileFile,
  profile: Profile,
  bytes: Uint8Array,
): Promise<void> {
  const { from, until } = spanOf(run, record);
  const target = new URL(url);
  target.search = new URLSearchParams({
    name,
    from: String(from),
    until: String(until),
    format: 'pprof',
    spyName: 'nodespy',
  }).toString();
  const form = new FormData();
  form.append('profile', new Blob([new Uint8Array(bytes)]), record.file);
  form.append(
    'sample_type_config',
    new Blob([JSON.stringify(sampleTypes(profile))], { type: 'application/json' }),
    'sample_type_config.json',
  );
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(target, {
      method: 'POST',
      headers,
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(PUSH_TIMEOUT_MS),
    });
    text = await answer.text();
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    throw pushFailed(url, record.file, inner instanceof Error ? inner.message : String(inner), cause);
  }
  if (!answer.ok) {
    const excerpt = text
      .trim()
      .slice(0, KEPT_ANSWER_CHARACTERS)
      .replaceAll(/\p{Cc}+/gu, ' ');
    throw pushFailed(url, record.file, `HTTP ${answer.status}${excerpt === '' ? '' : `: ${excerpt}`}`);
  }
}

/** Wall-clock seconds of the profiled span; the server stores a profile under the first one. */
function spanOf(run: Run, { phase, durationNs }: ProfileFile): { from: number; until: number } {
  const startedMs = Date.parse(run.startedAt);
  const span = run.phases.find((one) => one.phase === phase);
  const from = Math.floor((startedMs + (span?.startMs ?? 0)) / 1000);
  return { from, until: from + Math.max(1, Math.round(durationNs / 1e9)) };
}

function applicationName({ runId, scenario, target }: Run, { kind, phase }: ProfileFile): string {
  const labels = { run: runId, scenario: scenario.name, tracker: target.name, kind, phase };
  const written = Object.entries(labels).map(([name, value]) => `${name}=${labelValue(value)}`);
  return `tracker-lab{${written.join(',')}}`;
}

/** Inside the braces nothing can be escaped. */
function labelValue(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.:/@-]+/g, '_').slice(0, 120) || '_';
}

/** How the server is to treat each value type; one that it is not told of it may leave out. */
function sampleTypes({ valueTypes }: Profile): Record<string, object> {
  return Object.fromEntries(
    valueTypes.map(({ type, unit }) => [
      type,
      {
        units: unit === 'count' ? 'samples' : unit,
        'display-name': type,
        aggregation: type.startsWith('inuse') || type === 'goroutine' ? 'average' : 'sum',
        cumulative: false,
        sampled: true,
      },
    ]),
  );
}

function pushFailed(url: URL, file: string, reason: string, cause?: unknown): LabError {
  return new LabError({
    code: 'PUSH_FAILED',
    message: `${url.href} did not take ${file} (${reason})`,
    hint: 'check that a Pyroscope server listens there; its own log says why it refuses a profile',
    exitCode: ExitCode.internal,
    cause,
  });
}
