import { describe, expect, it } from 'vitest';
import { fillDocument } from '../../bench/report/document.ts';
import type { SectionName } from '../../bench/report/tables.ts';

const sections = { goals: 'new' } as unknown as Record<SectionName, string>;

describe('filling a document', () => {
  it('replaces what stands between the marks', () => {
    const document = 'before\n<!-- bench:goals -->\nold\n<!-- /bench:goals -->\nafter\n';
    const filled = fillDocument(document, sections);
    expect(filled).toBe('before\n<!-- bench:goals -->\n\nnew\n\n<!-- /bench:goals -->\nafter\n');
    expect(fillDocument(filled, sections)).toBe(filled);
  });

  it('refuses a document without a place for it', () => {
    expect(() => fillDocument('nothing', sections)).toThrow('no place for "goals"');
  });
});
