import { describe, expect, it } from 'vitest';
import { parseV8Symbol } from '../../../../src/lab/capture/perf/v8-symbol.ts';

const scripts: readonly [symbol: string, name: string, file: string, line?: number, column?: number][] = [
  ['JS:*onMessage file:///srv/dist/main.js:12:19', 'onMessage', 'file:///srv/dist/main.js', 12, 19],
  ['JS:~onMessage /srv/dist/main.cjs:12:19', 'onMessage', '/srv/dist/main.cjs', 12, 19],
  ['JS:^#deliver file:///srv/a%20b.mjs:2:3', '#deliver', 'file:///srv/a%20b.mjs', 2, 3],
  ["JS:*'f /a.js:1:1", 'f', '/a.js', 1, 1],
  ['JS:+get port /srv/sp ace/c.cjs:1:19', 'get port', '/srv/sp ace/c.cjs', 1, 19],
  ['JS:~ node:internal/main/run_main:1:1', '', 'node:internal/main/run_main', 1, 1],
  ['JS:~<static_initializer> file:///a.mjs:2:96', '<static_initializer>', 'file:///a.mjs', 2, 96],
  ['Script:~ [eval]:1:1', '', '[eval]', 1, 1],
  ['Eval:~ /srv/c.cjs:1:1', '', '/srv/c.cjs', 1, 1],
  ['LazyCompile:*f evalmachine.<anonymous>:3:4', 'f', 'evalmachine.<anonymous>', 3, 4],
  ['Function:~f bundle.js:3:4', 'f', 'bundle.js', 3, 4],
  ['JS:*f :3:4', 'f', '', 3, 4],
  ['JS:*f', 'f', ''],
  ['JS:', '', ''],
];

describe("V8's name of code", () => {
  it.each(scripts)('%s is a function without its tier, at its place', (symbol, name, file, line, column) => {
    const position = line === undefined ? { name, file } : { name, file, line, column };
    expect(parseV8Symbol(symbol)).toEqual({ kind: 'script', position });
  });

  it.each([
    ['Builtin:ArrayPrototypePush', 'Builtins_ArrayPrototypePush'],
    ['BytecodeHandler:Ldar', 'Builtins_LdarHandler'],
    ['RegExp:a+b c:d', 'RegExp:a+b c:d'],
    ["RegExp.> src: 'a+b c:d' flags: ''", "RegExp:'a+b c:d' flags: ''"],
    [`RegExp:${'x'.repeat(5000)}`, `RegExp:${'x'.repeat(60)}`],
  ])('%s is code of V8 itself', (symbol, name) => {
    expect(parseV8Symbol(symbol)).toEqual({ kind: 'builtin', name });
  });

  it.each(['py::announce:/srv/tracker.py', 'Lcom/example/Tracker;::announce', '', 'hash_requests'])(
    '%s is none of its names',
    (symbol) => {
      expect(parseV8Symbol(symbol)).toBeNull();
    },
  );
});
