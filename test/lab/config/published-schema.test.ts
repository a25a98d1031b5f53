import path from 'node:path';
import { it } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../../src/lab/config/config-schema.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { expectGolden } from '../../analyze/golden.ts';

it('the published JSON Schema of the config file is what the code reads', () => {
  const published = {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    title: 'tracker-lab lab.config.json',
  };
  expectGolden(
    path.join(packageRoot, 'schemas', 'config.schema.json'),
    `${JSON.stringify(published, null, 2)}\n`,
  );
});
