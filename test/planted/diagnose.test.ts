/** Plants under the lab, end to end and at smoke size: whether the answer is right is `npm run accuracy`'s to say. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { type BuiltPlants, buildPlants } from './build-plants.ts';
import { diagnose } from './diagnose.ts';
import { plants } from './manifest.ts';
import { score } from './score.ts';

const smoke = ['--warmup', '300ms', '--duration', '1s', '--profile-duration', '1s'];
let built: BuiltPlants;
let out = '';

beforeAll(() => {
  built = buildPlants(path.join(packageRoot, 'test/planted'));
  out = mkdtempSync(path.join(os.tmpdir(), 'planted-runs-'));
}, 120_000);
afterAll(() => {
  built.remove();
  rmSync(out, { recursive: true, force: true });
});

for (const id of ['unknown-clients', 'bencode-dicts', 'own-tracker']) {
  it(`the lab runs on ${id} and its report can be scored`, async (context) => {
    const plant = plants.find((one) => one.id === id);
    if (plant === undefined) throw new Error(`no plant ${id}`);
    const missing = plant.runtime === 'go' ? built.missing.get('go') : undefined;
    context.skip(missing !== undefined, missing);
    const options = { root: packageRoot, binaries: built.folder, scale: 1, out: path.join(out, id) };
    const diagnosis = await diagnose(plant, { ...options, flags: smoke });
    const scored = score(plant, diagnosis);
    // On a busy machine the run may be invalid, and then nothing is said of the tracker.
    expect(scored.kind).toBe(diagnosis.valid ? 'judged' : 'invalid');
    if (id === 'unknown-clients' && diagnosis.valid) {
      // A count, not a measurement of time: it is right at any size.
      expect(scored).toMatchObject({ rule: 'errors-returned', firstRight: true });
    }
    expect(readdirSync(diagnosis.runFolder)).toEqual(expect.arrayContaining(['run.json', 'report.md']));
  }, 60_000);
}
