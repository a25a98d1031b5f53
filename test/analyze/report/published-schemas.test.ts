import path from 'node:path';
import { describe, it } from 'vitest';
import { z } from 'zod';
import { capacitySchema } from '../../../src/analyze/capacity/capacity-schema.ts';
import { comparisonSchema } from '../../../src/analyze/compare/comparison-schema.ts';
import { thresholdsSchema } from '../../../src/analyze/gate/check-thresholds.ts';
import { reportSchema } from '../../../src/analyze/report/report-schema.ts';
import { historySchema } from '../../../src/analyze/trend/history-schema.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { runSchema } from '../../../src/run.ts';
import { expectGolden } from '../golden.ts';

describe('a published JSON Schema', () => {
  it.each([
    ['report.schema.json', 'tracker-lab report.json', reportSchema],
    ['comparison.schema.json', 'tracker-lab comparison.json', comparisonSchema],
    ['capacity.schema.json', 'tracker-lab capacity --json', capacitySchema],
    ['thresholds.schema.json', 'tracker-lab thresholds.json', thresholdsSchema],
    ['history.schema.json', 'tracker-lab history --json', historySchema],
    ['run.schema.json', 'tracker-lab run.json', runSchema],
  ] as const)('%s is what the code reads and writes', (name, title, schema) => {
    const published = { ...z.toJSONSchema(schema, { io: 'input' }), title };
    expectGolden(path.join(packageRoot, 'schemas', name), `${JSON.stringify(published, null, 2)}\n`);
  });
});
