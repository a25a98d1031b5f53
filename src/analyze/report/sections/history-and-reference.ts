import { describeMissingProfiles } from '../../../missing-profiles.ts';
import { isOtherEnvironment } from '../../same-environment.ts';
import { formatChange, formatCount, formatLatency, formatRate, formatShare } from '../format.ts';
import {
  assessmentRows,
  bullets,
  escapeCell,
  escapeText,
  figure,
  table,
  trackerAndVersion,
} from '../markdown-text.ts';
import type { Assessment, HistoryRow, Report } from '../report-schema.ts';
import { presentKinds } from '../top-pair.ts';

/** Historical Results: earlier runs of the same scenario, load and tracker; this run is the last row. */
export function historySection(report: Report): string {
  const { rows, brokenLines, trends } = report.history;
  const none = 'the run has no figure';
  const cells = rows.map((row, index) => [
    escapeCell(row.startedAt.slice(0, 16).replace('T', ' ')),
    trackerAndVersion(row.trackerName, row.trackerVersion),
    formatCount(row.concurrency),
    figure(row.requestsPerSecond, formatRate, none),
    figure(row.p95Ns, formatLatency, none),
    figure(row.errorShare, formatShare, none),
    notes(row, rows[index - 1], row.runId === report.runId),
  ]);
  const parts = [
    '## Historical Results',
    table(['Date', 'Version', 'Concurrency', 'RPS', 'P95 Latency', 'Error Rate', 'Notes'], cells, [
      'l',
      'l',
      'r',
      'r',
      'r',
      'r',
      'l',
    ]),
  ];
  if (brokenLines > 0)
    parts.push(`${formatCount(brokenLines)} lines of history.jsonl could not be read and are left out.`);
  const changes = report.history.changes ?? [];
  if (changes.length > 0)
    parts.push('**Changes of level:**', bullets(changes.map((change) => escapeText(change))));
  parts.push('**Trends to Watch:**', table(['Should be', 'Is it', 'Observed'], assessmentRows(trends)));
  return parts.join('\n\n');
}

function notes(row: HistoryRow, before: HistoryRow | undefined, isThis: boolean): string {
  const told: string[] = [];
  if (isThis) told.push('**this run**');
  if (!row.valid) told.push('invalid: its figures are not those of the tracker');
  if (row.partial) told.push('partial');
  if (before === undefined) told.push('the first shown');
  else if (row.partial || !row.valid) told.push('not compared with the rows above');
  else if (before.partial || !before.valid) told.push('not compared with the row above');
  else if (isOtherEnvironment(row, before))
    told.push('environment changed: no comparison with the rows above');
  else if (
    row.requestsPerSecond !== null &&
    before.requestsPerSecond !== null &&
    before.requestsPerSecond > 0
  ) {
    told.push(`RPS ${formatChange(row.requestsPerSecond / before.requestsPerSecond - 1)} on the row above`);
  }
  return told.length === 0 ? '- (nothing to note)' : told.join(', ');
}

/** Quick Reference, answered for this run. */
export function quickReferenceSection(report: Report): string {
  const { deployments, worry, optimize } = report.quickReference;
  return [
    '## Quick Reference',
    '### Is my tracker fast enough?',
    table(['Deployment', 'Fast enough', 'Observed'], assessmentRows(deployments)),
    fastEnough(deployments),
    '### When to worry:',
    table(['Reason to worry', 'Holds', 'Observed'], assessmentRows(worry)),
    holding(worry, 'Nothing here is a reason to worry', 'Reason to worry'),
    '### When to optimize:',
    table(['Reason to optimise', 'Holds', 'Observed'], assessmentRows(optimize)),
    holding(optimize, 'No figure asks for it now', 'Reason to optimise now'),
    ending(report),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function fastEnough(deployments: readonly Assessment[]): string {
  const fit = deployments.filter((one) => one.answer === 'yes').map((one) => one.name);
  if (fit.length > 0)
    return `**Under this load the tracker is fast enough for ${enumerate(fit)} deployments.**`;
  const isOpen = deployments.some((one) => one.answer === 'unknown');
  return isOpen
    ? '**This run cannot tell.**'
    : '**Under this load the tracker is fast enough for none of these sizes.**';
}

/** `small`, `small and medium`, `small, medium and large`. */
function enumerate(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function holding(assessments: readonly Assessment[], none: string, some: string): string {
  const held = assessments.filter((one) => one.answer === 'yes');
  const open = assessments.filter((one) => one.answer === 'unknown').length;
  const rest = open === 0 ? '' : ` (${open} of ${assessments.length} cannot be told from this run)`;
  return held.length === 0
    ? `${none}${rest}.`
    : `${some}: ${held.map((one) => `${escapeText(one.statement)} (${escapeText(one.observed)})`).join('; ')}${rest}.`;
}

/** What the run itself has to say: the tracker's counters, how it ended, and notes. */
function ending(report: Report): string {
  const parts: string[] = [];
  const counters = report.trackerCounters;
  parts.push("#### The tracker's own counters");
  parts.push(
    counters === null || Object.keys(counters).length === 0
      ? report.targetExit?.expected === false
        ? 'Not measured: the tracker ended before it could tell.'
        : 'Not measured: the tracker does not tell.'
      : `What the tracker itself counted from its start to its stop, under its own names; warm-up and profiled phase are in it.\n\n${table(
          ['Counter', 'Value at its stop'],
          Object.entries(counters).map(([name, value]) => [escapeCell(name), value.toLocaleString('en-US')]),
          ['l', 'r'],
        )}`,
  );
  const notes = report.notes.map((note) => escapeText(note));
  const exit = report.targetExit;
  if (exit !== null && !exit.expected) {
    const how =
      exit.signal === null ? `exit code ${exit.exitCode ?? 'unknown'}` : `signal ${escapeText(exit.signal)}`;
    const cause = exit.cause === null ? '' : `: ${escapeText(exit.cause)}`;
    const last =
      exit.lastStderr.trim() === ''
        ? 'it printed nothing'
        : `its last words: ${escapeText(exit.lastStderr.trim())}`;
    notes.unshift(`The tracker ended by itself (${how}${cause}); ${last}.`);
  }
  notes.push(...describeMissingProfiles(report.missingProfiles, presentKinds(report)).map(escapeText));
  if (notes.length > 0) parts.push('#### Notes on the measurement', bullets(notes));
  return parts.join('\n\n');
}
