import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { parseConfig } from '../../../src/lab/config/parse-config.ts';
import { scenarioSettings } from '../../../src/lab/config/scenario-settings.ts';

const FILE = '/etc/lab/lab.config.json';

function parse(value: unknown) {
  return parseConfig(JSON.stringify(value), FILE);
}

function errorOf(text: string): LabError {
  try {
    parseConfig(text, FILE);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the config was accepted');
}

/** Every setting of a scenario, each with a value that no preset has, and what it means. */
const everySetting = {
  duration: ['1.5s', 1_500],
  warmup: ['0', 0],
  profileDuration: ['2m', 120_000],
  concurrency: [500, 500],
  rate: [1_234.5, 1_234.5],
  hashes: [7, 7],
  numWant: [-1, -1],
  timeout: ['250ms', 250],
  mix: ['announce=9, scrape=1', { connect: 0, announce: 9, scrape: 1 }],
  swarmHashes: [77, 77],
  skew: [0.5, 0.5],
  seed: [42, 42],
  loadThreads: [2, 2],
} as const;

describe('a valid config', () => {
  it.each([
    ['nothing', {}],
    ['empty lists', { trackers: {}, scenarios: {} }],
    ['a schema', { $schema: './schemas/config.schema.json' }],
    ['an empty tracker and an empty scenario', { trackers: { own: {} }, scenarios: { plain: {} } }],
    ['names with all that is allowed', { trackers: { 'A.b_c-9': {} }, scenarios: { 'a-9': {} } }],
    ['the longest name', { scenarios: { ['a'.repeat(40)]: {} } }],
  ])('may hold %s', (_what, value) => {
    expect(parse(value).file).toBe(FILE);
  });

  it('has no tracker by a name that every object has', () => {
    const { trackers, scenarios } = parseConfig('{"trackers": {"__proto__": {"perf": true}}}', FILE);
    expect([trackers.size, trackers.get('constructor'), scenarios.get('toString')]).toEqual([
      0,
      undefined,
      undefined,
    ]);
  });

  it('may begin with a byte order mark', () => {
    expect(parseConfig('\uFEFF{}', FILE).trackers.size).toBe(0);
  });

  it('can set everything that the flags of a scenario can', () => {
    expect(Object.keys(everySetting).sort()).toEqual(scenarioSettings.map(({ name }) => name).sort());
    const given = Object.fromEntries(Object.entries(everySetting).map(([name, [value]]) => [name, value]));
    const scenario = parse({ scenarios: { mine: { preset: 'light', ...given } } }).scenarios.get('mine');
    expect(scenario?.preset).toBe('light');
    for (const { name, field } of scenarioSettings) {
      const [, meaning] = everySetting[name as keyof typeof everySetting];
      expect(scenario?.overrides[field]).toEqual({ value: meaning, source: 'config' });
    }
  });

  it('has no override where nothing is set, and heavy where no preset is named', () => {
    expect(parse({ scenarios: { mine: {} } }).scenarios.get('mine')).toEqual({
      preset: 'heavy',
      overrides: {},
    });
  });

  it('names paths from its own folder and leaves the rest of a tracker as it stands', () => {
    const settings = {
      target: 'udp://[::1]:6969',
      exec: './tracker --port 6969',
      env: { LEVEL: 'debug' },
      pprof: 'http://127.0.0.1:6060/debug/pprof',
      perf: true,
      allowRemote: false,
    };
    const { trackers } = parse({
      trackers: { mine: { ...settings, cwd: '../go', infoHashes: 'hashes.txt' }, absolute: { cwd: '/srv' } },
    });
    expect(trackers.get('mine')).toEqual({
      ...settings,
      cwd: '/etc/go',
      infoHashes: '/etc/lab/hashes.txt',
    });
    expect(trackers.get('absolute')).toEqual({ cwd: '/srv' });
  });
});

describe('an invalid config', () => {
  it.each([
    ['no JSON', '{', /not JSON/],
    ['a list', '[]', /expected object/],
    ['an unknown part', '{"tracker": {}}', /"tracker"/],
    ['a misspelt setting of a tracker', '{"trackers": {"a": {"tagret": ""}}}', /"tagret" at trackers\.a/],
    [
      'a target of another scheme',
      '{"trackers": {"a": {"target": "http://b"}}}',
      /udp:.* at trackers\.a\.target/,
    ],
    ['a pid that is none', '{"trackers": {"a": {"pid": -1}}}', /at trackers\.a\.pid/],
    [
      'a pprof that is no URL',
      '{"trackers": {"a": {"pprof": "x"}}}',
      /expected a URL .* at trackers\.a\.pprof/,
    ],
    ['a pprof of another scheme', '{"trackers": {"a": {"pprof": "file:///x"}}}', /at trackers\.a\.pprof/],
    [
      'a variable that no system takes',
      '{"trackers": {"a": {"env": {"A=B": ""}}}}',
      /name of a variable at trackers\.a\.env/,
    ],
    ['a variable that is a number', '{"trackers": {"a": {"env": {"A": 1}}}}', /at trackers\.a\.env\.A/],
    ['an empty command', '{"trackers": {"a": {"exec": ""}}}', /at trackers\.a\.exec/],
    [
      'a name of a tracker that a shell would split',
      '{"trackers": {"a b": {}}}',
      /letters, digits.*trackers\["a b"\]/,
    ],
    ['an unknown preset', '{"scenarios": {"a": {"preset": "huge"}}}', /"light".* at scenarios\.a\.preset/],
    [
      'a duration as a number',
      '{"scenarios": {"a": {"duration": 10}}}',
      /string.* at scenarios\.a\.duration/,
    ],
    [
      'a duration of hours',
      '{"scenarios": {"a": {"duration": "3h"}}}',
      /30s, 500ms or 2m at scenarios\.a\.dur/,
    ],
    [
      'no duration at all',
      '{"scenarios": {"a": {"duration": "0s"}}}',
      /above zero at scenarios\.a\.duration/,
    ],
    ['a fraction of a worker', '{"scenarios": {"a": {"concurrency": 1.5}}}', /at scenarios\.a\.concurrency/],
    ['too many hashes', '{"scenarios": {"a": {"hashes": 75}}}', /<=74 at scenarios\.a\.hashes/],
    [
      'a mix without announces',
      '{"scenarios": {"a": {"mix": "scrape=1"}}}',
      /announce to be .* at scenarios\.a\.mix/,
    ],
    ['a scenario with capitals', '{"scenarios": {"Big": {}}}', /a-z, 0-9 and -.*scenarios\.Big/],
    ['a name that is too long', `{"scenarios": {"${'a'.repeat(41)}": {}}}`, /at most 40/],
    ['the name of a preset', '{"scenarios": {"heavy": {}}}', /scenarios\.heavy: the name is taken/],
    ['the name of all presets', '{"scenarios": {"all": {}}}', /scenarios\.all: the name is taken/],
  ])('with %s is refused by file and field, on one line', (_what, text, message) => {
    const error = errorOf(text);
    expect(error.code).toBe('BAD_CONFIG');
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`${FILE}: `)).toBe(true);
    expect(error.message).not.toMatch(/[\n✖→]/);
  });

  it('is told all its mistakes at once', () => {
    const { message } = errorOf('{"trackers": {"a": {"pid": 0}}, "scenarios": {"b": {"seed": -1}}}');
    expect(message).toMatch(/at trackers\.a\.pid; .* at scenarios\.b\.seed$/);
  });
});
