import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCases } from '../../../src/gate/cases/case.ts';
import { runCases } from '../../../src/gate/cases/run.ts';
import { describeFailure } from '../../../src/gate/cases/summary.ts';
import { interpreterEngine } from '../../../src/gate/engines/interpreter.ts';

const folder = join(import.meta.dirname, '../../fixtures/cases');
const cases = parseCases(await readFile(join(folder, 'cases.jsonl'), 'utf8'), 'cases.jsonl');

describe("the interpreter computes what TFLite's reference kernels compute", () => {
  it.each(cases.map((c) => [c.name, c] as const))('%s', async (_, c) => {
    const [result] = await runCases([c], interpreterEngine, (file) => readFile(join(folder, file)));
    expect(result.passed, describeFailure(result)).toBe(true);
    expect(result.total > 0 || c.name.includes('empty')).toBe(true);
  });
});
