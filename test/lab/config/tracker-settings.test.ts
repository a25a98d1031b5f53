import { describe, expect, it } from 'vitest';
import {
  type GivenTracker,
  resolveTracker,
  type TrackerSettings,
  trackerSettingNames,
} from '../../../src/lab/config/tracker-settings.ts';

const named = (settings: Partial<TrackerSettings>) => ({ name: 'mine', settings });

describe('the settings of a tracker', () => {
  it('are those of our own tracker where nothing is given', () => {
    const { name, settings, sources } = resolveTracker({}, null);
    expect(name).toBeNull();
    expect(settings).toMatchObject({ target: null, exec: null, perf: false, allowRemote: false });
    expect(Object.keys(sources)).toEqual([...trackerSettingNames]);
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  it('come from flags before the environment, from that before the config, from that before the defaults', () => {
    const given: GivenTracker = {
      target: { value: 'udp://127.0.0.1:1', source: 'flag' },
      pid: { value: 7, source: 'environment' },
    };
    const fromConfig = named({ target: 'udp://127.0.0.1:2', pid: 8, perf: true });
    const { name, settings, sources } = resolveTracker(given, fromConfig);
    expect(name).toBe('mine');
    expect(settings).toMatchObject({ target: 'udp://127.0.0.1:1', pid: 7, perf: true, pprof: null });
    expect(sources).toMatchObject({ target: 'flag', pid: 'environment', perf: 'config', pprof: 'default' });
  });

  it('let a flag say no where the config says yes', () => {
    const { settings } = resolveTracker({ perf: { value: false, source: 'flag' } }, named({ perf: true }));
    expect(settings.perf).toBe(false);
  });

  it('keep the variables of both, and of one in both the given one', () => {
    const { settings } = resolveTracker(
      { env: { value: { B: '2', C: '2' }, source: 'flag' } },
      named({ target: 'udp://127.0.0.1:1', exec: 'true', env: { A: '1', B: '1' } }),
    );
    expect(settings.env).toEqual({ A: '1', B: '2', C: '2' });
  });

  it.each([
    ['a command without an address', { exec: 'a' }, /exec is given, but not where/],
    ['a pid without an address', { pid: 1 }, /pid is given, but not where/],
    ['pprof without an address', { pprof: 'http://a' }, /pprof is given, but not where/],
    ['a command and a pid', { target: 'udp://a:1', exec: 'a', pid: 1 }, /runs already/],
    ['a folder without a command', { target: 'udp://a:1', cwd: '/' }, /cwd is given, but no command/],
    ['variables without a command', { target: 'udp://a:1', env: { A: '1' } }, /env is given, but no command/],
    [
      'a command for several targets',
      { target: 'udp://a:1,udp://a:2', exec: 'a' },
      /exec starts one tracker, and 2 targets/,
    ],
    [
      'pprof of several targets',
      { target: 'udp://a:1,udp://a:2', pprof: 'http://a' },
      /expected a pprof URL for each target, found 1 for 2/,
    ],
    [
      'fewer pids than targets',
      { target: 'udp://a:1,udp://a:2', pid: 1 },
      /a pid for each target, found 1 for 2/,
    ],
    ['more pids than targets', { target: 'udp://a:1', pid: [1, 2] }, /a pid for each target, found 2 for 1/],
    ['the same target twice', { target: 'udp://a:1,udp://a:1' }, /named twice/],
  ])('refuse %s', (_what, settings, message) => {
    expect(() => resolveTracker({}, named(settings))).toThrow(message);
  });
});
