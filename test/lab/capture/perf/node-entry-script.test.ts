import { describe, expect, it } from 'vitest';
import { isNodeProgram, nodeEntryScript } from '../../../../src/lab/capture/perf/node-entry-script.ts';

describe('the script of a Node process', () => {
  it.each([
    ['node main.js --port 0', '/srv/main.js'],
    ['node --perf-basic-prof --import file:///lab/agent.js /opt/t/main.js x.js', '/opt/t/main.js'],
    ['node -r ./hook.cjs dist/main.js', '/srv/dist/main.js'],
    ['node --require=./hook.cjs dist/main.js', '/srv/dist/main.js'],
    ['node -- --odd.js', '/srv/--odd.js'],
  ])('of "%s" is %s', (line, script) => {
    expect(nodeEntryScript(line.split(' '), '/srv')).toBe(script);
  });

  it.each(['node', 'node -e code', 'node --eval code main.js', 'node --perf-basic-prof -p 1', 'node --', ''])(
    'of "%s" is none',
    (line) => {
      expect(nodeEntryScript(line.split(' '), '/srv')).toBeUndefined();
    },
  );

  it.each([
    ['/usr/bin/node', true],
    ['node20', true],
    ['nodejs', true],
    ['/usr/bin/nodemon', false],
    ['/opt/node/bin/python3', false],
    ['', false],
  ])('is looked for in the right programs: %s %s', (program, isNode) => {
    expect(isNodeProgram(program)).toBe(isNode);
  });
});
