/** Serves the pages of a results folder to this machine alone, and only to read. */
import { createReadStream, existsSync, realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { LabError } from '../errors.ts';
import { sealedPolicy } from '../sealed-page.ts';
import { comparisonFolders, runFolders } from './run-folders.ts';
import { servedFile } from './served-file.ts';

/** Of every answer. */
const commonHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * Of a file: a run's folder may be a stranger's, and so the page in it. Without `allow-same-origin` it is of no origin, and reads
 * neither other runs nor what the browser keeps for this address (so a theme that the reader chose lasts as long as the page).
 */
const fileHeaders = {
  ...commonHeaders,
  'content-security-policy': `${sealedPolicy}; frame-ancestors 'none'; sandbox allow-scripts`,
} as const;

export interface ResultsServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1. Only GET and HEAD are answered, only under the names `127.0.0.1` and `localhost` (a page of
 * somebody else must not read runs through a name of its own that points here), and only files that lie directly in the
 * folder of a run or of a comparison; links are not followed.
 *
 * @param port - 0: any that is free
 * @throws LabError `PORT_IN_USE`, `NO_SUCH_FOLDER`
 */
export async function startResultsServer(folder: string, port: number): Promise<ResultsServer> {
  if (!existsSync(folder)) {
    throw new LabError({
      code: 'NO_SUCH_FOLDER',
      message: `${folder} does not exist`,
      hint: 'measure something first, or name the folder of the runs with --out',
    });
  }
  const root = realpathSync(folder);
  const server = createServer(function onRequest(request, response) {
    answer(root, request, response).catch((error: unknown) => {
      refuse(response, 500, error instanceof LabError ? error.toLine() : 'The page could not be made.');
    });
  });
  const bound = await listen(server, port);
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', function onError(cause: NodeJS.ErrnoException) {
      reject(
        cause.code === 'EADDRINUSE' || cause.code === 'EACCES'
          ? new LabError({
              code: 'PORT_IN_USE',
              message: `cannot listen on 127.0.0.1:${port} (${cause.code})`,
              hint: 'pass --port 0 for any free port',
              cause,
            })
          : cause,
      );
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const port = request.socket.localPort;
  const host = request.headers.host;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return refuse(response, 421, 'This server answers to 127.0.0.1 and localhost only.');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405, 'Only GET and HEAD are answered.');
  }
  const isHead = request.method === 'HEAD';
  const [given = ''] = (request.url ?? '').split('?');
  if (given === '/') {
    const page = await runsPage(root);
    response.writeHead(200, { ...commonHeaders, 'content-type': 'text/html; charset=utf-8' });
    response.end(isHead ? undefined : page);
    return;
  }
  const found = servedFile(root, given);
  if (found === null) return refuse(response, 404, 'There is no such page. The list of the runs is at /.');
  response.writeHead(200, {
    ...fileHeaders,
    'content-type': found.contentType,
    'content-length': String(found.sizeBytes),
  });
  if (isHead) response.end();
  else
    createReadStream(found.file)
      .on('error', () => response.destroy())
      .pipe(response);
}

async function runsPage(root: string): Promise<string> {
  const { readHistory } = await import('../analyze/history.ts');
  const { readComparison } = await import('../analyze/compare/read-comparison.ts');
  const { renderRunsPage } = await import('../analyze/page/runs-page.ts');
  const { rows } = readHistory(path.join(root, 'history.jsonl'));
  const hasPage = (...names: readonly string[]): boolean => existsSync(path.join(root, ...names));
  return renderRunsPage(root, {
    runs: runFolders(root).map((runId) => ({
      runId,
      hasPage: hasPage(runId, 'report.html'),
      row: rows.find((one) => one.runId === runId) ?? null,
    })),
    comparisons: comparisonFolders(root).map((name) => ({
      name,
      hasPage: hasPage(name, 'comparison.html'),
      comparison: readComparison(path.join(root, name)),
      runPages: (['a', 'b'] as const).flatMap((side) =>
        runFolders(path.join(root, name, side))
          .filter((runId) => hasPage(name, side, runId, 'report.html'))
          .map((runId) => ({ side, runId })),
      ),
    })),
  });
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { ...commonHeaders, 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${reason}\n`);
}
