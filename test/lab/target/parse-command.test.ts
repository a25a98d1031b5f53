import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { parseCommand } from '../../../src/lab/target/parse-command.ts';

describe('a command', () => {
  it.each([
    ['node server.js', ['node', 'server.js']],
    ['  ./tracker\t-p  6969 \n', ['./tracker', '-p', '6969']],
    [`node 'my tracker.js'`, ['node', 'my tracker.js']],
    [`node "my tracker.js"`, ['node', 'my tracker.js']],
    [`node my\\ tracker.js`, ['node', 'my tracker.js']],
    [`a 'b'"c"d`, ['a', 'bcd']],
    [`a '' ""`, ['a', '', '']],
    [`a "x\\"y\\\\z\\n"`, ['a', 'x"y\\z\\n']],
    [`a 'x\\"y'`, ['a', 'x\\"y']],
    [`a '$HOME | > \`'`, ['a', '$HOME | > `']],
    [`a "5 > 3; (x) & |"`, ['a', '5 > 3; (x) & |']],
    [`a \\$HOME \\| "\\$X"`, ['a', '$HOME', '|', '$X']],
    ['a --cost=5$ "9$"', ['a', '--cost=5$', '9$']],
    ['a *.js ?x ~/y #z', ['a', '*.js', '?x', '~/y', '#z']],
    ['a \\\n b "c\\\nd"', ['a', 'b', 'cd']],
    ['a --env=K=V', ['a', '--env=K=V']],
    [`sh -c 'server & wait'`, ['sh', '-c', 'server & wait']],
  ])('%j is split', (text, words) => {
    expect(parseCommand(text)).toEqual(words);
  });

  it.each([
    ['', 'names no program'],
    [' \t\n', 'names no program'],
    [`''`, 'names no program'],
    [`a 'b`, "a ' has no partner"],
    [`a "b`, 'a " has no partner'],
    [`a "b\\"`, 'a " has no partner'],
    ['a \\', 'ends with a backslash'],
    ['a | b', '"|" at character 3'],
    ['a > log', '">" at character 3'],
    ['a 2>&1', '">" at character 4'],
    ['a < in', '"<"'],
    ['a & b', '"&"'],
    ['a; b', '";"'],
    ['a\nb', '"\\n"'],
    ['a $(b)', '"$(" at character 3'],
    ['a "$(b)"', '"$("'],
    ['a `b`', '"`"'],
    ['a "`b`"', '"`"'],
    ['a $HOME', '"$" at character 3'],
    [`a "$${'{HOME}'}"`, '"$" at character 4'],
    ['(a)', '"("'],
    ['PORT=1 node a.js', 'assignment PORT=1'],
  ])('%j is refused', (text, message) => {
    expect(() => parseCommand(text)).toThrow(LabError);
    expect(() => parseCommand(text)).toThrow(message);
  });

  it('says how to have a shell where it needs one', () => {
    let error: unknown;
    try {
      parseCommand('a | b');
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'BAD_COMMAND', exitCode: 2 });
    expect((error as LabError).hint).toContain('sh -c');
  });
});
