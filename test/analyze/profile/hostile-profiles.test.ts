import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chargedTable } from '../../../src/analyze/profile/charged-table.ts';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import { formatTop } from '../../../src/analyze/profile/format-top.ts';
import { topTable } from '../../../src/analyze/profile/top-table.ts';
import { builtEntry, packageRoot } from '../../../src/package-root.ts';
import { bytesField, encodePprof, field, numberField, soundParts, varint } from './encode-pprof.ts';

const fixtures = path.join(packageRoot, 'test/fixtures/profiles');
const MUTATIONS = 2000;
const MEMORY_LIMIT_BYTES = 256 * 1024 * 1024;
/** Of CPU time: what others take of the machine is no matter of the file. */
const TIME_LIMIT_MS = 2_000;

const cut = gzipSync(encodePprof());
const firstLocation = soundParts.locations[0];
const otherLocations = soundParts.locations.slice(1);
const firstFunction = soundParts.functions[0];
const otherFunctions = soundParts.functions.slice(1);

/** Each file with what the problem must say. */
const hostileFiles: Record<string, { readonly bytes: () => Uint8Array; readonly says: RegExp }> = {
  'empty.pb.gz': { bytes: () => new Uint8Array(), says: /the file is empty/ },
  'empty-gzip.pb.gz': { bytes: () => gzipSync(Buffer.alloc(0)), says: /the file is empty/ },
  'cut.pb.gz': { bytes: () => cut.subarray(0, cut.length - 12), says: /gzip.*unexpected end/ },
  'gzip-head-only.pb.gz': { bytes: () => Uint8Array.of(0x1f, 0x8b), says: /gzip/ },
  'damaged.pb.gz': { bytes: () => cut.map((byte, at) => (at > 20 ? byte ^ 0x55 : byte)), says: /gzip/ },
  'bomb.pb.gz': { bytes: () => gzipSync(Buffer.alloc(200 * 2 ** 20)), says: /more than 64 MiB/ },
  'large.pb': { bytes: () => new Uint8Array(64 * 2 ** 20 + 1).fill(0x12), says: /more than 64 MiB/ },
  'text.pb': { bytes: () => Buffer.from('heap profile: 1: 2 [3: 4] @ heap/1048576\n'), says: /./ },
  'json.pb': { bytes: () => Buffer.from('{"nodes":[],"samples":[1,2,3]}'), says: /./ },
  'zeros.pb': { bytes: () => new Uint8Array(1000), says: /bad field key/ },
  'long-varint.pb': {
    bytes: () =>
      encodePprof({ extra: [...varint(field.profile.period * 8), ...new Array<number>(10).fill(0x80), 1] }),
    says: /more than 10 bytes/,
  },
  'cut-varint.pb': { bytes: () => encodePprof({ extra: [0x60, 0x80] }), says: /ends inside a number/ },
  'cut-fixed.pb': { bytes: () => encodePprof({ extra: [0x79, 1, 2] }), says: /ends inside a field/ },
  'length-beyond-end.pb': {
    bytes: () => encodePprof({ extra: [0x12, 0x7f, 0] }),
    says: /more than are left/,
  },
  'huge-length.pb': {
    bytes: () => encodePprof({ extra: [0x12, ...varint(2n ** 64n - 1n)] }),
    says: /more than are left/,
  },
  'message-overrun.pb': {
    bytes: () => encodePprof({ extra: [...bytesField(field.profile.sample, [0x0a, 0x05, 20]), 1, 2, 3, 4] }),
    says: /over the end of its message|bad field key|ends inside|wrong wire type/,
  },
  'number-overrun.pb': {
    bytes: () => encodePprof({ extra: [...bytesField(field.profile.mapping, [0x08]), 7] }),
    says: /runs over the end of its message/,
  },
  'group.pb': { bytes: () => encodePprof({ extra: [0x7b] }), says: /wire type 3/ },
  'field-0.pb': { bytes: () => encodePprof({ extra: [0x00, 1] }), says: /bad field key/ },
  'sample-as-number.pb': {
    bytes: () => encodePprof({ extra: numberField(field.profile.sample, 1) }),
    says: /wrong wire type/,
  },
  'period-as-bytes.pb': {
    bytes: () => encodePprof({ extra: bytesField(field.profile.period, [1]) }),
    says: /field 12 has the wrong wire type 2/,
  },
  'id-as-bytes.pb': {
    bytes: () => encodePprof({ extra: bytesField(field.profile.mapping, bytesField(field.mapping.id, [1])) }),
    says: /field 1 has the wrong wire type 2/,
  },
  'many-sample-types.pb': {
    bytes: () => encodePprof({ sampleTypes: Array.from({ length: 65 }, () => [1, 2] as const) }),
    says: /more than 64 sample types/,
  },
  'long-name.pb': {
    bytes: () =>
      Buffer.concat([
        encodePprof({ functions: [[1, soundParts.strings.length, 6], ...otherFunctions] }),
        Uint8Array.from([field.profile.stringTable * 8 + 2, ...varint(2 ** 24 + 1)]),
        Buffer.alloc(2 ** 24 + 1, 'a'),
      ]),
    says: /names have more than 16777216 bytes/,
  },
  'no-strings.pb': { bytes: () => encodePprof({ strings: [] }), says: /no string table/ },
  'string-0.pb': { bytes: () => encodePprof({ strings: ['x', ...soundParts.strings] }), says: /string 0/ },
  'name-beyond-strings.pb': {
    bytes: () => encodePprof({ functions: [[1, 99, 6], ...otherFunctions] }),
    says: /string 99/,
  },
  'negative-string.pb': {
    bytes: () => encodePprof({ functions: [[1, -1, 6], ...otherFunctions] }),
    says: /string -1/,
  },
  'type-beyond-strings.pb': {
    bytes: () =>
      encodePprof({
        sampleTypes: [
          [1, 2],
          [3, 77],
        ],
      }),
    says: /string 77/,
  },
  'no-sample-types.pb': { bytes: () => encodePprof({ sampleTypes: [] }), says: /no sample types/ },
  'location-0.pb': {
    bytes: () => encodePprof({ locations: [{ ...firstLocation, id: 0 }, ...otherLocations] }),
    says: /location has the reserved id 0/,
  },
  'function-0.pb': {
    bytes: () => encodePprof({ functions: [[0, 5, 6], ...otherFunctions] }),
    says: /function has the reserved id 0/,
  },
  'mapping-0.pb': { bytes: () => encodePprof({ mappings: [[0, 0]] }), says: /mapping has the reserved id 0/ },
  'two-locations.pb': {
    bytes: () => encodePprof({ locations: [firstLocation, firstLocation, ...otherLocations] }),
    says: /two locations have the id 10/,
  },
  'two-far-locations.pb': {
    bytes: () => {
      const far = { ...firstLocation, id: 2 ** 50 };
      return encodePprof({ locations: [far, far, ...otherLocations] });
    },
    says: /two locations have the id/,
  },
  'two-functions.pb': {
    bytes: () => encodePprof({ functions: [firstFunction, firstFunction, ...otherFunctions] }),
    says: /two functions have the id 1/,
  },
  'two-mappings.pb': {
    bytes: () =>
      encodePprof({
        mappings: [
          [1, 0],
          [1, 0],
        ],
      }),
    says: /two mappings/,
  },
  'dangling-location.pb': {
    bytes: () => encodePprof({ locations: otherLocations }),
    says: /location 10 is used/,
  },
  'dangling-function.pb': {
    bytes: () => encodePprof({ functions: otherFunctions }),
    says: /function 1 is used/,
  },
  'dangling-mapping.pb': {
    bytes: () => encodePprof({ locations: [{ ...firstLocation, mapping: 4 }, ...otherLocations] }),
    says: /mapping 4 is used/,
  },
  'line-without-function.pb': {
    bytes: () => encodePprof({ locations: [{ id: 10, lines: [[0, 5]] }, ...otherLocations] }),
    says: /function 0 is used/,
  },
  'sample-at-location-0.pb': {
    bytes: () => encodePprof({ samples: [{ locations: [0], values: [1, 1] }] }),
    says: /location 0 is used/,
  },
  'id-beyond-doubles.pb': {
    bytes: () => encodePprof({ extra: bytesField(field.profile.mapping, numberField(1, 2n ** 64n - 1n)) }),
    says: /beyond 2\^53/,
  },
  'too-few-values.pb': {
    bytes: () => encodePprof({ samples: [{ locations: [10], values: [1] }] }),
    says: /1 values, there are 2 sample types/,
  },
  'too-many-values.pb': {
    bytes: () => encodePprof({ samples: [{ locations: [10], values: [1, 2, 3] }] }),
    says: /3 values/,
  },
  'deep.pb': {
    bytes: () =>
      encodePprof({ samples: [{ locations: new Array<number>(100_000).fill(10), values: [1, 1] }] }),
    says: /deeper than 10000 frames/,
  },
};

/** What 64 MiB are filled with; each reaches another bound. */
const heavyFiles = [
  {
    what: 'samples of nine frames',
    unit: bytesField(field.profile.sample, [
      ...bytesField(field.sample.locationId, new Array<number>(9).fill(1)),
      ...numberField(field.sample.value, 1),
      ...numberField(field.sample.label, 1),
    ]),
    says: /heavy\.pb .*more than 16777216 frames/,
  },
  {
    what: 'samples without a stack',
    unit: bytesField(field.profile.sample, numberField(field.sample.value, 1)),
    says: /heavy\.pb .*more than 4194304 in all/,
  },
  {
    what: 'locations',
    unit: bytesField(field.profile.location, numberField(field.location.id, 1)),
    says: /heavy\.pb .*more than 262144 locations/,
  },
  {
    what: 'strings',
    unit: bytesField(field.profile.stringTable, [0x61]),
    says: /heavy\.pb .*more than 524288 strings/,
  },
];

describe('a hostile profile', () => {
  test.each(Object.entries(hostileFiles))(
    '%s is refused by name',
    (fileName, { bytes, says }) => {
      const result = decodeProfile(bytes(), { fileName });
      expect(result.ok).toBe(false);
      if (result.ok) return;
      expect(result.problem.code).toBe('BAD_PROFILE');
      expect(result.problem.message).toContain(fileName);
      expect(result.problem.message).toMatch(says);
    },
    10_000,
  );

  test('is refused within two seconds and 256 MiB, each of them, by a process with no more memory', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hostile-profiles-'));
    try {
      for (const [name, { bytes }] of Object.entries(hostileFiles))
        writeFileSync(path.join(folder, name), bytes());
      // One process for all: its peak is that of the hungriest, and nothing of one may be left for the next.
      const script = `
        import { profileFileTables } from '${moduleUrl('analyze/profile/profile-file-tables.js')}';
        const seen = {};
        const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
        for (const name of ${JSON.stringify(Object.keys(hostileFiles))}) {
          const startMs = cpuMs();
          let code = 'read';
          let line = '';
          try {
            profileFileTables('${folder}/' + name, { count: 1 });
          } catch (error) {
            [code, line] = [error.code ?? error.name, String(error.message)];
          }
          const peakBytes = process.resourceUsage().maxRSS * 1024;
          seen[name] = { code, line, ms: cpuMs() - startMs, peakBytes };
        }
        process.stdout.write(JSON.stringify(seen));
      `;
      const output = execFileSync(
        process.execPath,
        ['--max-old-space-size=160', '--input-type=module', '-e', script],
        { encoding: 'utf8' },
      );
      const seen = JSON.parse(output) as Record<
        string,
        { code: string; line: string; ms: number; peakBytes: number }
      >;
      for (const [name, { says }] of Object.entries(hostileFiles)) {
        const { code, line, ms, peakBytes } = seen[name] as (typeof seen)[string];
        expect([name, code]).toEqual([name, 'BAD_PROFILE']);
        expect(line).toContain(name);
        expect(line).toMatch(says);
        expect(ms, name).toBeLessThan(TIME_LIMIT_MS);
        expect(peakBytes, name).toBeLessThan(MEMORY_LIMIT_BYTES);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(['node-cpu.pb.gz', 'go-cpu.pb.gz'])(
    '%s, mutated at random, never throws past the decoder',
    (name) => {
      const random = seededRandom(20_250_101);
      const packed = readFileSync(path.join(fixtures, name));
      const plain = plainBytes(packed);
      const outcomes = { read: 0, refused: 0 };
      for (let round = 0; round < MUTATIONS; round++) {
        const source = round % 8 === 0 ? packed : plain;
        const result = decodeProfile(mutated(source, random), { fileName: name });
        if (result.ok) {
          outcomes.read++;
          formatTop(topTable(result.profile));
          chargedTable(result.profile);
        } else {
          outcomes.refused++;
          expect(result.problem.code).toBe('BAD_PROFILE');
        }
      }
      expect(outcomes.read).toBeGreaterThan(0);
      expect(outcomes.refused).toBeGreaterThan(0);
    },
  );

  test.each(heavyFiles)('of 64 MiB of $what stays within the memory limit', ({ unit, says }) => {
    const head = encodePprof({ samples: [], sampleTypes: [[1, 2]], locations: [{ id: 1, lines: [[1, 5]] }] });
    // The file is made in the child, whose own peak is what is measured.
    const script = `
      import { decodeProfile } from '${moduleUrl('analyze/profile/decode-profile.js')}';
      const bytes = new Uint8Array(64 * 2 ** 20);
      const unit = ${JSON.stringify(unit)};
      bytes.set(${JSON.stringify([...head])});
      let end = ${head.length};
      for (; end + unit.length <= bytes.length; end += unit.length) bytes.set(unit, end);
      const began = process.cpuUsage();
      const result = decodeProfile(bytes.subarray(0, end), { fileName: 'heavy.pb' });
      const message = result.ok ? 'read' : result.problem.message;
      const { user, system } = process.cpuUsage(began);
      const peakBytes = process.resourceUsage().maxRSS * 1024;
      process.stdout.write(JSON.stringify({ message, peakBytes, ms: (user + system) / 1000 }));
    `;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const { message, peakBytes, ms } = JSON.parse(output) as {
      message: string;
      peakBytes: number;
      ms: number;
    };
    expect(message).toMatch(says);
    expect(ms).toBeLessThan(TIME_LIMIT_MS);
    expect(peakBytes).toBeLessThan(MEMORY_LIMIT_BYTES);
  });
});

function moduleUrl(built: string): string {
  return pathToFileURL(builtEntry(built)).href;
}

function plainBytes(packed: Uint8Array): Uint8Array {
  return new Uint8Array(gunzipSync(packed));
}

/** Numbers from 0 to below `limit`, the same in every run (xorshift32). */
function seededRandom(seed: number): (limit: number) => number {
  let state = seed;
  return function nextBelow(limit) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** A copy with one to four bytes changed, dropped or put in, or cut short. */
function mutated(source: Uint8Array, random: (limit: number) => number): Uint8Array {
  let bytes = Uint8Array.from(source);
  for (let change = random(4); change >= 0; change--) {
    const at = random(bytes.length);
    const kind = random(8);
    if (kind < 5) bytes[at] = random(256);
    else if (kind === 5) bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
    else if (kind === 6)
      bytes = Uint8Array.from([...bytes.subarray(0, at), random(256), ...bytes.subarray(at)]);
    else bytes = bytes.slice(0, Math.max(1, at));
  }
  return bytes;
}
