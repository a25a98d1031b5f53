/** What `lab export` can write. Apart from the writers, so that a command line is parsed without them. */
export const exportFormats = [
  'speedscope',
  'cpuprofile',
  'folded',
  'benchfmt',
  'junit',
  'csv',
  'hdr',
  'gha',
  'openmetrics',
] as const;
export type ExportFormat = (typeof exportFormats)[number];
