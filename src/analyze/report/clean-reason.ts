import type { Report } from './report-schema.ts';

/** Why a figure of the clean phase is not there. */
export function cleanReason(report: Report): string {
  return (
    report.notMeasured.find((one) => one.figure === 'phases.clean')?.reason ??
    'nothing was answered in the clean phase'
  );
}
