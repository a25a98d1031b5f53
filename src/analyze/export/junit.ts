/** JUnit's XML, which CI systems show as a list of tests. */
import type { Report } from '../report/report-schema.ts';
import type { Check } from './check-list.ts';

/**
 * A suite for each group of checks. Failed checks are failures, those not measured are skipped, warnings are output of a
 * test that passed.
 */
export function junitXml(report: Report, checks: readonly Check[]): string {
  const groups = [...new Set(checks.map(({ group }) => group))];
  const seconds = ((report.phases.clean?.durationMs ?? 0) / 1000).toFixed(3);
  const suites = groups.map((group) => {
    const members = checks.filter((check) => check.group === group);
    return [
      `  <testsuite name="${escapeXml(`${report.scenario.name}.${group}`)}" ${counts(members)} errors="0" time="${seconds}" timestamp="${escapeXml(report.startedAt.slice(0, 19))}">`,
      ...members.flatMap((check) => testCase(report, check)),
      '  </testsuite>',
    ].join('\n');
  });
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(`tracker-lab ${report.runId}`)}" ${counts(checks)} errors="0" time="${seconds}">`,
    ...suites,
    '</testsuites>',
  ].join('\n')}\n`;
}

function testCase(report: Report, { group, name, outcome, message, at }: Check): string[] {
  const className = escapeXml(`tracker-lab.${report.scenario.name}.${group}`);
  const open = `    <testcase classname="${className}" name="${escapeXml(name)}" time="0"`;
  const place = at === null ? '' : ` (${at.file}${at.line === null ? '' : `:${at.line}`})`;
  const text = escapeXml(`${message}${place}`);
  switch (outcome) {
    case 'passed':
      return [`${open}/>`];
    case 'failed':
      return [`${open}>`, `      <failure message="${text}" type="${escapeXml(group)}"/>`, '    </testcase>'];
    case 'not measured':
      return [`${open}>`, `      <skipped message="${text}"/>`, '    </testcase>'];
    case 'warned':
      return [`${open}>`, `      <system-out>${text}</system-out>`, '    </testcase>'];
  }
}

function counts(checks: readonly Check[]): string {
  const of = (outcome: Check['outcome']) => checks.filter((check) => check.outcome === outcome).length;
  return `tests="${checks.length}" failures="${of('failed')}" skipped="${of('not measured')}"`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters, nor half a surrogate pair: they become U+FFFD. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\n\t]|[\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => entities[character] as string);
}
