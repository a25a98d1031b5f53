import { describe, expect, it } from 'vitest';
import { framePath } from '../../../src/lab/capture/frame-path.ts';

const roots = { program: '/home/ada/tracker', agent: '/opt/lab' };

describe.skipIf(process.platform === 'win32')('the path of a frame', () => {
  it.each([
    ['/home/ada/tracker/src/main.ts', 'src/main.ts'],
    ['/home/ada/tracker/node_modules/pkg/index.js', 'node_modules/pkg/index.js'],
    ['/home/ada/node_modules/@scope/pkg/lib/a.js', 'node_modules/@scope/pkg/lib/a.js'],
    ['/srv/.pnpm/a@1/node_modules/a/node_modules/b/b.js', 'node_modules/b/b.js'],
    ['/opt/lab/src/lab/capture/agent.ts', 'src/lab/capture/agent.ts'],
    ['/opt/lab/node_modules/@datadog/pprof/out/src/index.js', 'node_modules/@datadog/pprof/out/src/index.js'],
    ['/home/ada/tracker-old/main.js', '/home/ada/tracker-old/main.js'],
    ['node:internal/timers', 'node:internal/timers'],
    ['webpack://app/src/a.ts', 'webpack://app/src/a.ts'],
    ['', ''],
  ])('%s becomes %s', (file, expected) => {
    expect(framePath(file, roots)).toBe(expected);
  });
});
