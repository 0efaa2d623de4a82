import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { parseCases } from '../../src/gate/cases/case.ts';
import { runCases } from '../../src/gate/cases/run.ts';
import { describeFailure } from '../../src/gate/cases/summary.ts';
import { buildEngine } from '../../src/gate/engines/build.ts';
import { cacheDir } from './run.ts';

process.env.INT8_GATE_CACHE = cacheDir;
const folder = join(import.meta.dirname, '../fixtures/cases');
const all = parseCases(await readFile(join(folder, 'cases.jsonl'), 'utf8'), 'cases.jsonl');

/** What other tests of builds, which compare random operators with the interpreter, do not reach. */
const SPECIAL =
  /^(IF|WHILE|VAR_HANDLE|WHERE|RANGE|FILL|GRAPH|STABLEHLO_COMPOSITE|SVDF|UNIDIRECTIONAL_SEQUENCE_LSTM|UNIQUE|SEGMENT_SUM|RFFT2D|NON_MAX|TFLite_Detection)/;
/** Of these there are many; the other forms take the same paths. */
const RECURRENT = /^(BIDIRECTIONAL|LSTM|RNN|UNIDIRECTIONAL_SEQUENCE_RNN)/;
const isInteger = (form: string): boolean => ['hybrid', 'int8', 'uint8'].includes(form);
const cases = all.filter(
  (c) => SPECIAL.test(c.op) || (RECURRENT.test(c.op) && isInteger(c.form)) || /-to16$|twice/.test(c.name),
);

describe.each(['host', 'aarch64'])("builds for %s compute what TFLite's reference kernels compute", (target) => {
  it('with state, control flow, and shapes that are data', async () => {
    const results = await runCases(cases, buildEngine(parseTarget(target)), (file) => readFile(join(folder, file)));
    expect(results.length).toBeGreaterThan(25);
    expect(results.filter((r) => !r.passed).map(describeFailure)).toEqual([]);
  });
});
