import { describe, expect, it } from 'vitest';
import { exitCause, lastWords, tellingWords } from '../../../src/lab/target/exit-cause.ts';

const fatal = `
<--- Last few GCs --->
[1:0x1] 400 ms: Mark-Compact 60.1 (66.9) -> 60.0 (66.9) MB, 20.1 / 0.0 ms (average mu = 0.1) allocation failure;

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

 1: 0xb9a2f0 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]
 2: 0xf0ac10 v8::Utils::ReportOOMFailure [node]
`;

describe('the cause of an end', () => {
  it.each([
    [fatal, 'out of memory'],
    ['Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated', 'out of memory'],
    ["terminate called after throwing an instance of 'std::bad_alloc'", 'out of memory'],
    ['RangeError: Array buffer allocation failed', 'out of memory'],
    ['Error: bind EADDRINUSE 127.0.0.1:6969', 'port in use'],
    ['Error: bind EACCES 127.0.0.1:80', 'permission denied'],
    ['TypeError: x is not a function', null],
    ['', null],
  ])('is read from the output', (stderr, cause) => {
    expect(exitCause(stderr)).toBe(cause);
  });
});

describe('the last words', () => {
  it('leave the native stack out and keep the fatal line', () => {
    const words = lastWords(fatal);
    expect(words).toContain('JavaScript heap out of memory');
    expect(words).not.toMatch(/0xb9a2f0|stack trace/);
  });

  it('keep the line that names the failure before a long stack', () => {
    const frames = Array.from({ length: 15 }, (_, at) => `    at load (node:internal/x:${at}:1)`);
    const stderr = [
      'starting',
      "Error [X]: Cannot find module '/tmp/nope.js'",
      ...frames,
      'Node.js v20.20.2',
    ];
    const words = lastWords(stderr.join('\n')).split('\n');
    expect(words.length).toBe(12);
    expect(words[0]).toBe("Error [X]: Cannot find module '/tmp/nope.js'");
    expect(words.at(-1)).toBe('Node.js v20.20.2');
  });

  it('are cut to the end', () => {
    const words = lastWords(Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n'));
    expect(words.split('\n').at(0)).toBe('line 88');
    expect(words.endsWith('line 99')).toBe(true);
  });
});

describe('the telling words', () => {
  const missingModule = `node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module '/tmp/nope.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at Module._load (node:internal/modules/cjs/loader:1038:27) {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v20.20.2
`;

  it('begin with the line that says why, without frames', () => {
    expect(tellingWords(missingModule, 300)).toBe(
      "Error: Cannot find module '/tmp/nope.js' code: 'MODULE_NOT_FOUND', requireStack: []",
    );
  });

  it.each([
    ['starting\npanic: runtime error: index out of range\n\ngoroutine 1 [running]:', 'panic: runtime error'],
    ['hello\nTraceback (most recent call last):\n  File "x.py", line 1\nOSError: busy', 'OSError: busy'],
    ['loading\nbind: Permission denied', 'bind: Permission denied'],
  ])('are found in the words of other runtimes', (stderr, start) => {
    expect(tellingWords(stderr, 300).startsWith(start)).toBe(true);
  });

  it('are the last ones where no line tells, and never too many', () => {
    expect(tellingWords(`${'x'.repeat(400)}\nthe end`, 20)).toBe('xxxxxxxxxxxx the end');
    expect(tellingWords(`Error: ${'y'.repeat(400)}`, 20)).toBe(`Error: ${'y'.repeat(13)}`);
  });
});
