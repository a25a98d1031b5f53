import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../src/package-root.ts';

const source = path.join(packageRoot, 'src');

/** Which rooms a room may import, itself aside. Files directly in src/ are the leaves. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  leaves: [],
  wire: ['leaves'],
  tracker: ['leaves', 'wire'],
  lab: ['leaves', 'wire'],
  analyze: ['leaves'],
  // Browser code: it meets the rest in the data that a page carries.
  page: ['leaves'],
  cli: ['leaves', 'lab', 'analyze'],
};

function roomOf(file: string): string {
  const [first, ...rest] = path.relative(source, file).split(path.sep);
  return rest.length === 0 ? 'leaves' : (first as string);
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(
    (m) => m[1] as string,
  );
  return specifiers.map((specifier) => path.resolve(path.dirname(file), specifier));
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.join(source, file));

describe('the arrows of the architecture', () => {
  it('finds the source files and their imports', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(50);
  });

  it('point from a room only to the rooms below it', () => {
    const broken = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => {
          const [from, to] = [roomOf(file), roomOf(imported)];
          return from !== to && !allowed[from]?.includes(to);
        })
        .map((imported) => `${path.relative(source, file)} -> ${path.relative(source, imported)}`),
    );
    expect(broken).toEqual([]);
  });

  it('keep the judge of a run away from sockets and processes', () => {
    const outside = files
      .filter((file) => roomOf(file) === 'analyze')
      .filter((file) =>
        /from 'node:(dgram|child_process|worker_threads|net|inspector)'/.test(readFileSync(file, 'utf8')),
      );
    expect(outside).toEqual([]);
  });
});
