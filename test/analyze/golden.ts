import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

/** `UPDATE_GOLDEN=1 npm test` writes the golden files and the published schemas anew. */
export function expectGolden(file: string, content: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, content);
  expect(content).toBe(readFileSync(file, 'utf8'));
}
