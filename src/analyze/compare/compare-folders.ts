/** The entry of a comparison: folders of runs in, the model and its page out. */
import path from 'node:path';
import { LabError } from '../../errors.ts';
import type { Evidence } from '../evidence.ts';
import { loadRun } from '../load-run.ts';
import { renderComparisonPage } from '../page/comparison-page.ts';
import { html } from '../page/html.ts';
import { writeWhole } from '../write-whole.ts';
import { compareSides } from './compare-sides.ts';
import { comparedRun, excludedBecause } from './compared-run.ts';
import { comparisonFigures, functionSections, renderComparison } from './comparison-markdown.ts';
import type { Comparison } from './comparison-schema.ts';
import { verdictLine } from './verdict-line.ts';

export interface SideFolders {
  readonly label: string;
  /** Folders of its runs, one or more. */
  readonly directories: readonly string[];
}

export interface ComparedFolders {
  readonly comparison: Comparison;
  readonly markdown: string;
  /** comparison.html, with the differential flame graphs of all valid runs. */
  readonly page: string;
}

/**
 * @param notes - on how the runs were made, a sentence each; they come before the comparison's own
 * @throws LabError as `loadRun`; `SAME_RUN` where a run is on both sides; `NOT_BUILT`
 */
export function compareFolders(
  a: SideFolders,
  b: SideFolders,
  notes: readonly string[] = [],
): ComparedFolders {
  const both = a.directories.find((directory) => b.directories.includes(directory));
  if (both !== undefined) {
    throw new LabError({
      code: 'SAME_RUN',
      message: `${both} is on both sides`,
      hint: 'name different runs, or measure new ones with --repeat 6',
    });
  }
  const before = loadSide(a);
  const after = loadSide(b);
  const compared = compareSides(before, after);
  const comparison = { ...compared, notes: [...notes, ...compared.notes] };
  const page = renderComparisonPage({
    title: `${b.label} against ${a.label}`,
    markdown: comparisonFigures(comparison),
    functions: functionSections(comparison),
    lead: html`<p class="lead"><strong>${verdictLine(comparison)}</strong></p>`,
    before: { label: a.label, runs: validRuns(before) },
    after: { label: b.label, runs: validRuns(after) },
  });
  return { comparison, markdown: renderComparison(comparison), page };
}

/**
 * The figures and verdicts alone.
 *
 * @throws LabError as `loadRun`
 */
export function compareLoaded(a: SideFolders, b: SideFolders): Comparison {
  return compareSides(loadSide(a), loadSide(b));
}

/**
 * Whether a comparison counts the run of a folder.
 *
 * @throws LabError as `loadRun`
 */
export function isValidRun(directory: string): boolean {
  return excludedBecause(loadRun(directory, { profiles: false })) === null;
}

interface LoadedSide {
  readonly label: string;
  readonly loaded: readonly Evidence[];
  readonly runs: ReturnType<typeof comparedRun>[];
}

function loadSide({ label, directories }: SideFolders): LoadedSide {
  const loaded = directories.map((directory) => loadRun(directory));
  return { label, loaded, runs: loaded.map(comparedRun) };
}

function validRuns({ loaded, runs }: LoadedSide): Evidence[] {
  return loaded.filter((_, index) => runs[index]?.excluded === null);
}

/**
 * Writes comparison.json, comparison.md and comparison.html, each complete or not at all.
 *
 * @throws LabError `OUT_NOT_WRITABLE`
 */
export function writeComparison(directory: string, { comparison, markdown, page }: ComparedFolders): void {
  writeWhole(path.join(directory, 'comparison.json'), `${JSON.stringify(comparison, null, 2)}\n`);
  writeWhole(path.join(directory, 'comparison.md'), markdown);
  writeWhole(path.join(directory, 'comparison.html'), page);
}
