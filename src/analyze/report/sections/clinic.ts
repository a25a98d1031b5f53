import { type Clinic, clinicCost, doctorWords } from '../clinic-words.ts';
import { escapeText, notMeasured, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

/** What clinic made of the tracker, beside what our rules found. Only where it was asked. */
export function clinicSection(clinic: Clinic, report: Report): string {
  const { tool, version, page, verdict, failure } = clinic;
  const found = report.findings.filter((finding) => finding.verdict === 'found').map(({ rule }) => rule);
  const ours = report.valid
    ? found.join(', ') || 'no rule found a bottleneck'
    : 'no verdict, the run is invalid';
  const rows = [
    ['Tool', `clinic ${tool} ${escapeText(version)}`],
    ['Page', page === null ? notMeasured(failure ?? 'it made none') : `[${page}](${page})`],
    ...(tool === 'doctor'
      ? [
          [
            'Verdict of clinic doctor',
            verdict === null
              ? notMeasured(failure ?? 'its data could not be read')
              : escapeText(doctorWords(verdict)),
          ],
          ['Verdict of tracker-lab', ours],
        ]
      : []),
    ['Its cost', clinicCost(clinic, report.phases.clean?.requestsPerSecond ?? null)],
  ];
  return [
    `### What clinic ${tool} says`,
    'Not a verdict of tracker-lab. Clinic looked at a start of the tracker of its own, after the phases of this run, under the same load; none of the figures in this report but its cost is from there.',
    table(['What', 'Value'], rows),
  ].join('\n\n');
}
