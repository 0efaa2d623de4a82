import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCases } from '../../src/gate/cases/case.ts';
import { runCases } from '../../src/gate/cases/run.ts';
import { describeFailure } from '../../src/gate/cases/summary.ts';
import { interpreterEngine } from '../../src/gate/engines/interpreter.ts';

const shared = join(import.meta.dirname, '../../../shared');

/**
 * TFLite 2.21's reference kernel writes -1 to every element of an int8 SUM; its optimized kernel writes the sum, and so
 * do we. The suite has no golden of the latter, so these differ, and only these.
 */
const REFERENCE_IS_WRONG = /^sum-int8-(ax0_n1_2|cv_a) \(SUM int8\): /;

/** Cases that fail for another reason than an operator that does not exist yet. */
async function wrong(list: string, filter = /./): Promise<{ ran: number; failures: string[] }> {
  const cases = parseCases(await readFile(list, 'utf8'), list).filter((c) => filter.test(c.name));
  const results = await runCases(cases, interpreterEngine, (file) => readFile(join(dirname(list), file)));
  const ran = results.filter((r) => r.error === undefined);
  return { ran: ran.length, failures: ran.filter((r) => !r.passed).map(describeFailure) };
}

describe.runIf(existsSync(shared))('golden cases of the whole suite', () => {
  it('single operators and small graphs', async () => {
    const { ran, failures } = await wrong(join(shared, 'conformance/dev/cases.jsonl'));
    expect(ran).toBeGreaterThan(200);
    expect(failures.filter((failure) => !REFERENCE_IS_WRONG.test(failure))).toEqual([]);
  });

  it('whole models', async () => {
    const list = join(shared, 'cases/cases.jsonl');
    const { ran, failures } = await wrong(list, /kws|Resnet|ad01|vww|_0\.25_|micro_speech|str_ww|person_detect/);
    expect(ran).toBeGreaterThan(60);
    expect(failures).toEqual([]);
  });
});
