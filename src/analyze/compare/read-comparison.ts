import { ZodError } from 'zod';
import { LabError } from '../../errors.ts';
import { readRunFile } from '../run-file.ts';
import { type Comparison, comparisonSchema } from './comparison-schema.ts';

/** The comparison.json of a folder; null where it is none that this version reads. */
export function readComparison(directory: string): Comparison | null {
  try {
    const text = readRunFile(directory, 'comparison.json').toString('utf8');
    return comparisonSchema.parse(JSON.parse(text)) as Comparison;
  } catch (error) {
    // One broken file must not cost the list of all others.
    if (error instanceof LabError || error instanceof SyntaxError || error instanceof ZodError) return null;
    throw error;
  }
}
