import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { reportSchema } from '../../../src/gate/verdict/report.ts';
import { VERSION } from '../../../src/gate/verdict/version.ts';

// Update the published file after a change of the schema with: npx vitest run test/gate/verdict/schema.test.ts -u
it('schema/report.schema.json is what reports are made by', async () => {
  const schema = {
    title: 'int8-gate report',
    description: 'What int8-gate check --json writes; fields may be added',
    ...z.toJSONSchema(reportSchema, { io: 'input' }),
  };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../../schema/report.schema.json');
});

it('reports carry the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(VERSION).toBe(version);
});
