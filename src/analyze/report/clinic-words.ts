/** What clinic says, in its own words and always as its own. */
import path from 'node:path';
import { printable } from '../../printable.ts';
import { formatDuration, formatRate } from './format.ts';
import type { Report } from './report-schema.ts';

export type Clinic = NonNullable<Report['clinic']>;

/** What the categories of doctor mean. @see its own page and documentation; `data` is "too few samples" */
const categories: Readonly<Record<string, string>> = {
  none: 'it sees no problem',
  gc: 'it suspects garbage collection',
  'event-loop': 'it suspects that the event loop is blocked',
  io: 'it suspects slow input and output',
  data: 'it has too few samples to tell',
  unknown: 'it sees something that it cannot name',
};

/** `issue category "io": it suspects …`. Pure. */
export function doctorWords({ issueCategory, issues }: NonNullable<Clinic['verdict']>): string {
  const told = Object.entries(issues).filter(([, issue]) => issue !== 'none');
  const meaning = categories[issueCategory];
  const list = told.map(([name, issue]) => `${printable(name)}: ${printable(issue)}`).join(', ');
  return `issue category "${printable(issueCategory)}"${meaning === undefined ? '' : ` (${meaning})`}${
    list === '' ? '' : `; issues: ${list}`
  }`;
}

/** What it cost to look so, beside the rate without it. Pure. */
export function clinicCost({ requestsPerSecond, durationMs }: Clinic, cleanRate: number | null): string {
  if (requestsPerSecond === null) return 'not measured: it got no load to its end';
  const under = `${formatRate(requestsPerSecond)} req/s in ${formatDuration(durationMs)} under it`;
  return cleanRate === null ? under : `${under}, ${formatRate(cleanRate)} req/s in the clean phase`;
}

/**
 * Lines for the terminal; none where clinic was not asked.
 *
 * @param directory - the run's folder, as the reader can type it
 */
export function clinicSummary(clinic: Report['clinic'], directory: string): string[] {
  if (clinic === null) return [];
  const { tool, version, verdict, failure, page } = clinic;
  const name = `clinic ${tool} ${printable(version)}`;
  if (failure !== null) return [`${name}: no page (${printable(failure)}).`];
  const words = verdict === null ? '' : `: ${doctorWords(verdict)}`;
  return [
    `${name} (its words, no verdict of tracker-lab)${words}.`,
    ...(page === null ? [] : [`Clinic: ${path.join(directory, page)}`]),
  ];
}
