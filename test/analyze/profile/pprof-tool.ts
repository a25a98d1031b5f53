import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import { formatTop } from '../../../src/analyze/profile/format-top.ts';
import { type TopTableOptions, topTable } from '../../../src/analyze/profile/top-table.ts';

// The tool itself starts ten times as fast as `go tool`, which only looks it up.
const pprofTool = spawnSync('go', ['tool', '-n', 'pprof'], { encoding: 'utf8' }).stdout?.trim() ?? '';
/** Whether Go is installed. */
export const hasGo = pprofTool !== '' && existsSync(pprofTool);

/** What `go tool pprof -top` prints, without the two lines on the profiled binary, which the lab does not keep. */
export function goTop(file: string, options: TopTableOptions): string {
  const args = [
    '-symbolize=none',
    '-top',
    `-nodecount=${options.count}`,
    `-${options.granularity ?? 'functions'}`,
    `-${options.sort ?? 'flat'}`,
    ...(options.valueType === undefined ? [] : [`-sample_index=${options.valueType}`]),
    file,
  ];
  const output = execFileSync(pprofTool, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TZ: 'UTC' },
  });
  return output
    .split('\n')
    .filter((line) => !/^(?:File|Build ID): /.test(line))
    .join('\n');
}

/** What the lab prints of the same file. */
export function labTop(file: string, options: TopTableOptions): string {
  const result = decodeProfile(readFileSync(file), { fileName: file });
  if (!result.ok) throw result.problem;
  return formatTop(topTable(result.profile, options));
}
