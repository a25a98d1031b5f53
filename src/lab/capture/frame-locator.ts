import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { framePath, type PathRoots } from './frame-path.ts';

/** A position in a script as V8 reports it. */
export interface ScriptPosition {
  readonly name?: string | undefined;
  /** Path or `file:` URL of the script, `node:` name, or empty for native code. */
  readonly file: string;
  /** 1-based; 0 or absent where unknown. */
  readonly line?: number | undefined;
  /** 1-based; 0 or absent where unknown. */
  readonly column?: number | undefined;
}

/** A function as it stands in a profile. */
export interface LocatedFrame {
  readonly name: string;
  readonly file: string;
  /** Line on which the function starts; 0 where unknown. */
  readonly line: number;
}

interface LoadedMap {
  readonly map: SourceMap;
  /** Folder against which the map's sources are resolved. */
  readonly folder: string;
}

const ANNOTATION = /^\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/;

/**
 * Turns script positions into source positions: through the script's source map where it names one, with file names
 * relative to the program's package. Maps are read when they are first needed, once each.
 */
export class FrameLocator {
  readonly #roots: PathRoots;
  readonly #maps = new Map<string, LoadedMap | null>();

  constructor(roots: PathRoots) {
    this.#roots = roots;
  }

  locate(position: ScriptPosition): LocatedFrame {
    const script = scriptPath(position.file);
    const line = position.line ?? 0;
    const column = position.column ?? 0;
    const mapped =
      line > 0 && path.isAbsolute(script) ? this.#originalPosition(script, line, column) : undefined;
    const source = mapped ?? { file: script, line, column, name: undefined };
    return {
      name: functionName(
        position.name && source.name ? source.name : position.name,
        source.line,
        source.column,
      ),
      file: framePath(source.file, this.#roots),
      line: source.line,
    };
  }

  #originalPosition(script: string, line: number, column: number) {
    const loaded = this.#load(script);
    if (!loaded) return undefined;
    const entry = findOnLine(loaded.map, line - 1, Math.max(column - 1, 0));
    if (!entry) return undefined;
    return {
      file: resolveSource(entry.originalSource, loaded.folder),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
      name: (entry as { name?: string }).name,
    };
  }

  #load(script: string): LoadedMap | null {
    let loaded = this.#maps.get(script);
    if (loaded === undefined) {
      loaded = loadMap(script);
      this.#maps.set(script, loaded);
    }
    return loaded;
  }
}

/** A script's name as a path. @datadog/pprof cuts `file://` off without decoding the rest. */
function scriptPath(file: string): string {
  if (file.startsWith('file://')) return fileURLToPath(file);
  if (!file.includes('%') || existsSync(file)) return file;
  try {
    return decodeURIComponent(file);
  } catch {
    // A stray percent sign: the name is meant as it stands.
    return file;
  }
}

function functionName(name: string | undefined, line: number, column: number): string {
  if (name) return name;
  if (line === 0) return '(anonymous)';
  return column === 0 ? `(anonymous:L#${line})` : `(anonymous:L#${line}:C#${column})`;
}

/** A module's own code begins on its first line, before what is mapped: a `#!` line and a comment as long as this. */
const MOST_HEADER_LINES = 50;

/**
 * The mapping at or before the position; without one on that line, the line's last (V8 may point before the first); without
 * any up to there, the map's first.
 */
function findOnLine(map: SourceMap, line: number, column: number) {
  for (const wanted of [column, Number.MAX_SAFE_INTEGER]) {
    const entry = map.findEntry(line, wanted);
    if ('originalSource' in entry && entry.originalSource && entry.generatedLine === line) return entry;
    if ('originalSource' in entry) continue;
    for (let below = line + 1; below <= line + MOST_HEADER_LINES; below++) {
      const first = map.findEntry(below, 0);
      if ('originalSource' in first && first.originalSource) return first;
    }
  }
  return undefined;
}

function resolveSource(source: string, folder: string): string {
  if (source.startsWith('file://')) return fileURLToPath(source);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source) ? source : path.resolve(folder, source);
}

/** A map that cannot be read leaves its frames at their place in the script: the profile is worth having without it. */
function loadMap(script: string): LoadedMap | null {
  try {
    const url = sourceMappingUrl(readFileSync(script, 'utf8'));
    if (url === undefined) return null;
    const file = path.resolve(path.dirname(script), decodeURIComponent(url.startsWith('data:') ? '' : url));
    const text = url.startsWith('data:') ? decodeDataUrl(url) : readFileSync(file, 'utf8');
    const payload = JSON.parse(text) as SourceMapPayload;
    const sourceRoot = payload.sourceRoot ? `${payload.sourceRoot.replace(/\/$/, '')}/` : '';
    const sources = payload.sources.map((source) => sourceRoot + source);
    const folder = url.startsWith('data:') ? path.dirname(script) : path.dirname(file);
    return { map: new SourceMap({ ...payload, sources, sourceRoot: '' }), folder };
  } catch {
    return null;
  }
}

/** The annotation counts on the last line that is not blank. @see https://tc39.es/ecma426/ */
function sourceMappingUrl(code: string): string | undefined {
  const trimmed = code.trimEnd();
  return ANNOTATION.exec(trimmed.slice(trimmed.lastIndexOf('\n') + 1))?.[1];
}

function decodeDataUrl(url: string): string {
  const comma = url.indexOf(',');
  const data = url.slice(comma + 1);
  return url.slice(0, comma).endsWith(';base64')
    ? Buffer.from(data, 'base64').toString()
    : decodeURIComponent(data);
}
