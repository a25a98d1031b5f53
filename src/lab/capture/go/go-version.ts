import { type FileHandle, open, readlink } from 'node:fs/promises';
import { isLoopback } from '../../target/address-target.ts';
import { BUILD_INFO_BYTES, readBuildInfo } from './build-info.ts';
import { listeningProcess } from './listening-process.ts';

const CHUNK_BYTES = 1024 * 1024;
/** The blob stands at the beginning of the data; a larger executable carries other things behind it. */
const MOST_BYTES = 512 * 1024 * 1024;

interface GoProgram {
  /** Process of the program; null: it is looked for by the endpoint's port, on this machine. */
  readonly pid: number | null;
  /** Of `/debug/pprof`; null where there is none. */
  readonly url: string | null;
}

/** For example `go1.26.8`, or why it is not known. */
export type GoVersion =
  | { readonly version: string; readonly reason: null }
  | { readonly version: null; readonly reason: string };

/**
 * The version of Go that a running program was built with, from the build information in its executable. Its pprof
 * endpoint does not tell it. Never rejects.
 */
export async function goRuntimeVersion({ pid, url }: GoProgram): Promise<GoVersion> {
  const found = pid ?? (url === null ? null : await processOf(url));
  if (found === null) return unknown('its process is not known, and the pprof endpoint does not tell it');
  const executable = `/proc/${found}/exe`;
  try {
    const file = await open(executable);
    try {
      const version = await searchVersion(file);
      if (version !== null) return { version, reason: null };
    } finally {
      await file.close();
    }
    return unknown(`${await readlink(executable)} holds no build information of Go`);
  } catch (error) {
    return unknown(`the executable of process ${found} cannot be read (${(error as Error).message})`);
  }
}

function unknown(reason: string): GoVersion {
  return { version: null, reason };
}

/** Null for an endpoint off this machine. */
async function processOf(url: string): Promise<number | null> {
  if (!URL.canParse(url)) return null;
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host !== 'localhost' && !isLoopback(host)) return null;
  return listeningProcess(Number(port || (protocol === 'https:' ? 443 : 80)));
}

/** Reads on from piece to piece, each with the end of the one before. */
async function searchVersion(file: FileHandle): Promise<string | null> {
  const buffer = Buffer.alloc(BUILD_INFO_BYTES + CHUNK_BYTES);
  for (let position = 0; position < MOST_BYTES; position += CHUNK_BYTES) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    const version = readBuildInfo(buffer.subarray(0, bytesRead));
    if (version !== null || bytesRead < buffer.length) return version;
  }
  return null;
}
