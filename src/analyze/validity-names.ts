/** The words of the verdict on a run's validity, as they stand in report.json. */

export const validityCheckNames = [
  'generator-limited',
  'load-complete',
  'offered-rate',
  'foreign-load',
  'environment',
] as const;
export type ValidityCheckName = (typeof validityCheckNames)[number];

/** `changed`: earlier runs are no measure of this one; only `environment` says so. */
export const validityVerdicts = ['ok', 'invalid', 'not measured', 'changed'] as const;
export type ValidityVerdict = (typeof validityVerdicts)[number];
