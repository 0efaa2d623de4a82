import { expect, it } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../../src/gate/config/schema.ts';

// Update the published file after a change of the schema with: npx vitest run test/gate/config/schema.test.ts -u
it('schema/config.schema.json is what the configuration is checked with', async () => {
  const schema = {
    title: 'int8-gate configuration',
    description: '.github/int8-gate.yml: which models are gated, on which data, by which thresholds',
    ...z.toJSONSchema(configSchema, { io: 'input' }),
  };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../../schema/config.schema.json');
});
