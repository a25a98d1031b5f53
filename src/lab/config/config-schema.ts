/** The form of `lab.config.json`. Published as JSON Schema in `schemas/config.schema.json`. Pure. */
import { z } from 'zod';
import { scenarioNamePattern } from '../../run.ts';
import { presetNames } from '../scenarios.ts';
import { type SettingKind, scenarioSettings } from './scenario-settings.ts';
import {
  durationPattern,
  type Reading,
  readDuration,
  readMix,
  readPositiveDuration,
} from './setting-values.ts';

/** Names of trackers: what needs no quotes in a shell. */
const trackerNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

/** Names of environment variables that every system passes on. */
const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

const text = z.string().min(1);

/** A text that means something else, published with the pattern that it follows. */
function textOf(read: (given: string) => Reading<unknown>, pattern: RegExp): z.ZodType {
  return z
    .string()
    .check((context) => {
      const reading = read(context.value);
      if ('expected' in reading) {
        context.issues.push({ code: 'custom', message: reading.expected, input: context.value });
      }
    })
    .meta({ pattern: pattern.source });
}

function schemaOf(kind: SettingKind): z.ZodType {
  switch (kind.type) {
    case 'duration':
      return textOf(readDuration, durationPattern);
    case 'positive-duration':
      return textOf(readPositiveDuration, durationPattern);
    case 'mix':
      return textOf(readMix, /^(\s*(connect|announce|scrape)\s*=\s*\d{1,6}\s*(,|$))+$/);
    case 'integer':
      return z.int().min(kind.least).max(kind.most);
    case 'integer-or-auto':
      return z.union([z.int().min(kind.least).max(kind.most), z.literal('auto')]);
    case 'number':
      return z.number().min(kind.least).max(kind.most);
  }
}

/** A record that says what it expected of a key, and not only that it is none. */
function recordOf<Value extends z.ZodType>(key: RegExp, expected: string, value: Value) {
  return z.record(z.string().regex(key), value, {
    error: (issue) => (issue.code === 'invalid_key' ? expected : undefined),
  });
}

const trackerSchema = z.strictObject({
  target: z
    .string()
    .regex(/^udp:\/\//i, { error: 'expected udp://HOST:PORT' })
    .optional()
    .describe('udp://HOST:PORT; left out: the tracker of tracker-lab, started by the lab'),
  exec: text.optional().describe('command that starts the tracker, and is stopped afterwards'),
  cwd: text.optional().describe('folder where the command is started, relative to this file'),
  env: recordOf(variablePattern, 'expected the name of a variable', z.string())
    .optional()
    .describe("added to the command's environment"),
  pid: z.int().positive().optional().describe('process of a tracker that runs already'),
  pprof: z
    .url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:6060/debug/pprof' })
    .optional()
    .describe("a Go tracker's /debug/pprof"),
  perf: z.boolean().optional().describe('profile with Linux perf, too'),
  infoHashes: text
    .optional()
    .describe(
      'file of info hashes, 40 hexadecimal digits a line, relative to this file: the pool of the load',
    ),
  allowRemote: z.boolean().optional().describe('permit a target off this machine'),
});

const scenarioSchema = z.strictObject({
  preset: z
    .enum(presetNames)
    .optional()
    .describe('scenario that gives what is not set here; left out: heavy'),
  ...Object.fromEntries(
    scenarioSettings.map(({ name, kind, description }) => [
      name,
      schemaOf(kind).optional().describe(description),
    ]),
  ),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  trackers: recordOf(
    trackerNamePattern,
    'expected a name of letters, digits and . _ -, at most 40 characters',
    trackerSchema,
  ).optional(),
  scenarios: recordOf(
    scenarioNamePattern,
    'expected a name of a-z, 0-9 and -, at most 40 characters',
    scenarioSchema,
  ).optional(),
});
