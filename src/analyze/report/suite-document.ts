import { REPORT_SCHEMA_VERSION, type Report, type SuiteDocument } from './report-schema.ts';
import { ownFigures, suiteScaling } from './suite-scaling.ts';

/** The one JSON document of the runs of a suite, in the order in which they are given. */
export function suiteDocument(suiteId: string, reports: readonly Report[]): SuiteDocument {
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    suiteId,
    reports,
    scaling: suiteScaling(ownFigures(reports)),
  };
}
