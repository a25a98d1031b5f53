import type { Comparison } from './comparison-schema.ts';

const words: Readonly<Record<Comparison['verdict'], string>> = {
  worse: 'Worse',
  better: 'Better',
  'no difference shown': 'No difference shown',
  'not enough runs': 'Not enough runs',
  'not comparable': 'Not comparable',
  'not measured': 'Not measured',
};

/** `Worse: Latency P95, CPU per request.` Not escaped. */
export function verdictLine({ verdict, reason }: Comparison): string {
  return `${words[verdict]}: ${reason}.`;
}
