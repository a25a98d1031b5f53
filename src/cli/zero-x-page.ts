/** 0x's own flame graph page of a run: its renderer on our CPU profile. 0x is none of this package's dependencies. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CpuProfile } from '../analyze/export/cpu-profile.ts';
import { cannotWrite } from '../cannot-write.ts';
import { ExitCode, LabError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { sealedPage } from '../sealed-page.ts';

/** Where 0x is installed. */
export interface ZeroXInstall {
  /** Its main file. */
  readonly entry: string;
}

type ZeroX = (options: {
  readonly visualizeCpuProfile: string;
  readonly workingDir: string;
  readonly outputHtml: string;
  readonly name: string;
  readonly title: string;
  readonly argv: readonly string[];
}) => Promise<unknown>;

/** What 0x's page leaves out at first; TypeScript and native functions are all `cpp` to it. */
const HIDDEN = "new Set(['cpp', 'regexp', 'v8', 'native', 'init'])";
const PAGE = 'flame-0x.html';

/**
 * Looks below `cwd` first, then where this package is installed. Nothing is loaded.
 *
 * @param beside - a folder of this package. Default: its own
 * @throws LabError `ZERO_X_MISSING`
 */
export function findZeroX(cwd: string, beside = packageRoot): ZeroXInstall {
  for (const folder of [cwd, beside]) {
    const require = createRequire(path.join(folder, 'package.json'));
    try {
      return { entry: require.resolve('0x') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new LabError({
    code: 'ZERO_X_MISSING',
    message: `the package 0x is not installed in ${cwd} nor beside tracker-lab`,
    hint: 'npm install 0x@6 installs it, or leave out --flame',
  });
}

/**
 * Writes `flame-0x.html` into the run's folder, with the frames that 0x would hide.
 *
 * 0x puts names into a script as they are, so a `<` in them is replaced by `‹`.
 *
 * @returns the file
 * @throws LabError as `exportRun`, `ZERO_X_FAILED`, `OUT_NOT_WRITABLE`
 */
export async function writeZeroXPage(directory: string, { entry }: ZeroXInstall): Promise<string> {
  const { cpuProfileForZeroX } = await import('../analyze/export/export-run.ts');
  const profile = cpuProfileForZeroX(directory);
  const folder = mkdtempSync(path.join(tmpdir(), 'tracker-lab-0x-'));
  const file = path.join(directory, PAGE);
  try {
    const visualizeCpuProfile = path.join(folder, 'run.cpuprofile');
    const outputHtml = path.join(folder, PAGE);
    writeFileSync(visualizeCpuProfile, JSON.stringify(readable(profile)));
    const title = `${path.basename(directory)}, CPU`;
    await render(entry, {
      visualizeCpuProfile,
      outputHtml,
      workingDir: folder,
      name: 'flame',
      title,
      argv: [],
    });
    const page = readFileSync(outputHtml, 'utf8');
    if (!page.includes(HIDDEN))
      throw failed('its page is not that of 0x 6, and would hide TypeScript functions');
    write(file, sealedPage(page.replace(HIDDEN, 'new Set([])')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return file;
}

async function render(entry: string, options: Parameters<ZeroX>[0]): Promise<void> {
  try {
    const zeroX = createRequire(entry)(entry) as ZeroX;
    await zeroX(options);
  } catch (cause) {
    throw failed(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** 0x drops what is in parentheses and calls nothing, as native functions are; idle time may go. */
function readable(profile: CpuProfile): CpuProfile {
  return {
    ...profile,
    nodes: profile.nodes.map(({ callFrame, ...node }) => ({
      ...node,
      callFrame: {
        ...callFrame,
        functionName: harmless(
          /^\((?:root|idle)\)$/.test(callFrame.functionName)
            ? callFrame.functionName
            : callFrame.functionName.replace(/^\((.*)\)$/s, '[$1]'),
        ),
        url: harmless(callFrame.url),
      },
    })),
  };
}

function harmless(text: string): string {
  return text.replaceAll('<', '‹');
}

function write(file: string, page: string): void {
  const temporary = `${file}.tmp`;
  try {
    writeFileSync(temporary, page);
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cannotWrite(file, cause, 'free some space');
  }
}

function failed(reason: string, cause?: unknown): LabError {
  return new LabError({
    code: 'ZERO_X_FAILED',
    message: `0x made no page (${reason})`,
    hint: 'the report has a flame graph of its own; tested with 0x 6.0.0',
    exitCode: ExitCode.internal,
    cause,
  });
}
