import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkClinic, clinicLoadMs } from '../../../src/lab/clinic/clinic-pass.ts';
import { type ClinicTargetOptions, startClinicTarget } from '../../../src/lab/clinic/clinic-target.ts';
import { findClinic } from '../../../src/lab/clinic/find-clinic.ts';
import { freeUdpPort } from '../../../src/lab/clinic/free-udp-port.ts';
import { parseAnalysis } from '../../../src/lab/clinic/read-verdict.ts';
import { isAddressTaken } from '../../../src/lab/target/readiness.ts';
import { builtEntry, packageRoot } from '../../../src/package-root.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'clinic-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('clinic', () => {
  it('is found with its version, and nothing of it is loaded', () => {
    const { version, command, doctorEntry } = findClinic(root);
    expect(version).toMatch(/^13\./);
    expect([existsSync(command), existsSync(doctorEntry)]).toEqual([true, true]);
  });

  it('is said how to install where it is missing', () => {
    expect(() => findClinic(root, root)).toThrow(
      expect.objectContaining({ code: 'CLINIC_MISSING', hint: expect.stringContaining('npm install') }),
    );
  });

  it('cannot look at a tracker that runs already, nor at one that is not of Node', () => {
    const url = 'udp://127.0.0.1:1';
    expect(() => checkClinic({ kind: 'address', url, allowRemote: false })).toThrow(
      expect.objectContaining({ code: 'CLINIC_NEEDS_START' }),
    );
    const command = { kind: 'command', url, allowRemote: false, cwd: null, environment: {} } as const;
    expect(() => checkClinic({ ...command, command: './tracker --port 1' })).toThrow(
      expect.objectContaining({ code: 'CLINIC_NEEDS_NODE' }),
    );
    expect(() => checkClinic({ ...command, command: '/usr/bin/node server.js' })).not.toThrow();
  });

  it.each([
    ['doctor', 0, 2_000],
    ['doctor', 3_000, 3_000],
    ['flame', 60_000, 10_000],
    ['bubbleprof', 60_000, 4_000],
  ] as const)('%s with a profiled phase of %d ms gets %d ms of load', (tool, profileDurationMs, expected) => {
    expect(clinicLoadMs(tool, profileDurationMs)).toBe(expected);
  });
});

describe("doctor's analysis", () => {
  it('keeps its words, issues within issues by their path', () => {
    const text =
      '{"issueCategory":"io","issues":{"delay":"none","memory":{"rss":"performance"}},"interval":[1,2]}';
    expect(parseAnalysis(text)).toEqual({
      issueCategory: 'io',
      issues: { delay: 'none', 'memory.rss': 'performance' },
    });
  });

  it.each(['', '{', '[]', '{"issueCategory":3,"issues":{}}'])('is none where it says %j', (text) => {
    expect(parseAnalysis(text)).toBeNull();
  });
});

describe('a clinic that ends by no signal', () => {
  async function hanging(more: Partial<ClinicTargetOptions> = {}): Promise<ClinicTargetOptions> {
    const address = '127.0.0.1';
    const port = await freeUdpPort(address);
    const entry = builtEntry('tracker/main.js');
    return {
      clinic: {
        version: '0',
        command: path.join(packageRoot, 'test/lab/clinic/fixtures/hanging-clinic.mjs'),
        doctorEntry: '',
      },
      tool: 'flame',
      command: ['node', entry, '--host', address, '--port', String(port)],
      cwd: root,
      environment: {},
      address,
      port,
      cpus: null,
      dataFolder: path.join(root, 'data'),
      signal: new AbortController().signal,
      ...more,
    };
  }

  it('is waited for no longer than a page may take, and then killed with its tracker', async () => {
    const options = await hanging({ pageTimeoutMs: 1_000 });
    const target = await startClinicTarget(options);
    await expect(target.finish()).rejects.toMatchObject({
      code: 'CLINIC_FAILED',
      message: expect.stringContaining('no page within 1 s'),
    });
    await target.discard();
    expect(await isAddressTaken(options.address, options.port)).toBe(false);
    expect(existsSync(options.dataFolder)).toBe(false);
  });

  it('is killed at once where the run is interrupted', async () => {
    const controller = new AbortController();
    const options = await hanging({ signal: controller.signal });
    const target = await startClinicTarget(options);
    const finished = target.finish();
    controller.abort('SIGINT');
    await expect(finished).rejects.toMatchObject({ message: expect.stringContaining('interrupted') });
    await target.discard();
    expect(await isAddressTaken(options.address, options.port)).toBe(false);
  });

  it('does not start beside the trace of an earlier one', async () => {
    writeFileSync(path.join(root, 'node_trace.1.log'), '');
    await expect(startClinicTarget({ ...(await hanging()), tool: 'doctor' })).rejects.toMatchObject({
      message: expect.stringContaining('node_trace.1.log'),
    });
  });
});

describe('the published package', () => {
  it('needs neither clinic nor 0x to run', () => {
    const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >;
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies']) {
      expect(Object.keys(manifest[kind] ?? {})).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/clinic|0x/)]),
      );
    }
    expect(Object.keys(manifest['devDependencies'] ?? {})).toEqual(expect.arrayContaining(['0x', 'clinic']));
  });
});
