import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameLocator } from '../../../src/lab/capture/frame-locator.ts';

/** Line 1, column 1 of the script is line 3, column 1 of the source; line 2, column 5 is line 7, column 3 (`real`). */
const map = {
  version: 3,
  sources: ['main.ts'],
  sourceRoot: '../src',
  names: ['real'],
  mappings: 'AAEA;IAIEA',
};

let root: string;
let locator: FrameLocator;

function script(name: string, annotation: string): string {
  const file = path.join(root, 'dist', name);
  writeFileSync(file, `first();\nsecond();\n${annotation}\n`);
  return file;
}

beforeAll(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'frame locator-'));
  mkdirSync(path.join(root, 'dist'));
  writeFileSync(path.join(root, 'dist', 'main.js.map'), JSON.stringify(map));
  locator = new FrameLocator({ program: root, agent: '/opt/lab' });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a frame', () => {
  it('of a module itself, above all that is mapped, is where its first mapping is', () => {
    const below = { ...map, mappings: ';;AAEA' };
    writeFileSync(path.join(root, 'dist', 'below.js.map'), JSON.stringify(below));
    const file = script('below.js', '//# sourceMappingURL=below.js.map');
    expect(locator.locate({ file, line: 1, column: 1 })).toMatchObject({ file: 'src/main.ts', line: 3 });
  });

  it('is found through the map file that its script names', () => {
    const file = script('main.js', '//# sourceMappingURL=main.js.map');
    expect(locator.locate({ name: 'first', file, line: 1, column: 1 })).toEqual({
      name: 'first',
      file: 'src/main.ts',
      line: 3,
    });
  });

  it('is found through a map in the script itself', () => {
    const data = Buffer.from(JSON.stringify(map)).toString('base64');
    const file = script('inline.js', `//# sourceMappingURL=data:application/json;base64,${data}`);
    expect(locator.locate({ name: 'f', file, line: 1, column: 1 })).toMatchObject({
      file: 'src/main.ts',
      line: 3,
    });
  });

  it('is found by a file URL, and by the undecoded path that a profiler makes of it', () => {
    const file = script('url name.js', '//# sourceMappingURL=main.js.map');
    const { href } = pathToFileURL(file);
    for (const name of [href, href.slice('file://'.length)]) {
      expect(locator.locate({ name: 'f', file: name, line: 1, column: 1 })).toMatchObject({
        file: 'src/main.ts',
      });
    }
  });

  it('has the name that the map gives it', () => {
    const file = script('named.js', '//# sourceMappingURL=main.js.map');
    expect(locator.locate({ name: 'r', file, line: 2, column: 5 })).toEqual({
      name: 'real',
      file: 'src/main.ts',
      line: 7,
    });
  });

  it('takes the mapping of its line where V8 points before it', () => {
    const file = script('before.js', '//# sourceMappingURL=main.js.map');
    expect(locator.locate({ name: 'f', file, line: 2, column: 1 })).toMatchObject({ line: 7 });
  });

  it.each([
    ['without a map', ''],
    ['whose map is missing', '//# sourceMappingURL=nowhere.js.map'],
    ['whose map is broken', '//# sourceMappingURL=data:application/json,nonsense'],
  ])('stays at its place in a script %s', (name, annotation) => {
    const file = script(`${name}.js`, annotation);
    expect(locator.locate({ name: 'f', file, line: 2, column: 1 })).toEqual({
      name: 'f',
      file: `dist/${name}.js`,
      line: 2,
    });
  });

  it('stays at its place in a script that is gone', () => {
    const file = path.join(root, 'gone.js');
    expect(locator.locate({ name: 'f', file, line: 2, column: 1 })).toMatchObject({
      file: 'gone.js',
      line: 2,
    });
  });

  it('is anonymous by its position', () => {
    const file = script('anonymous.js', '//# sourceMappingURL=main.js.map');
    expect(locator.locate({ name: '', file, line: 1, column: 1 }).name).toBe('(anonymous:L#3:C#1)');
    expect(locator.locate({ file: '' })).toEqual({ name: '(anonymous)', file: '', line: 0 });
  });

  it('of native code is its bare name', () => {
    expect(locator.locate({ name: 'send', file: '', line: 0, column: 0 })).toEqual({
      name: 'send',
      file: '',
      line: 0,
    });
  });
});
