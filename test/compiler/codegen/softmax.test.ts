import { expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import { type Case, feed, graphOf, tensor } from '../operators.ts';
import { modelOf, runBuilds } from '../run.ts';

/** Rows from one element to sums that overflow; scales from no differences at all to nothing but the largest. */
const DEPTHS = [1, 31, 32, 33, 100, 257, 500, 700];
const SCALES = [1e-6, 1e-3, 0.02, 0.1, 1, 9];
const TYPES: readonly (readonly [DType, DType])[] = [
  ['int8', 'int8'],
  ['uint8', 'uint8'],
  ['int8', 'int16'],
];

test.each(['host', 'aarch64'])('softmax of bytes on %s, row by row', async (target) => {
  const cases = TYPES.flatMap(([from, to]) =>
    DEPTHS.flatMap((depth) =>
      SCALES.map(
        (scale): Case => ({
          kind: 'nn.softmax',
          attrs: { beta: 1 },
          operands: [tensor(from, [3, depth], perTensor(Math.fround(scale), 0))],
          dtype: to,
          quantization: perTensor(to === 'int16' ? 1 / 32768 : 1 / 256, to === 'int8' ? -128 : 0),
        }),
      ),
    ),
  );
  const graph = graphOf(cases);
  const model = modelOf(graph);
  const inputs = feed(graph, 5);
  const [actual] = await runBuilds([{ model, inputs }], target);
  for (const [i, expected] of interpret(model, inputs).entries()) {
    const { operands, dtype } = cases[i];
    expect(actual[i], `${dtype} of ${operands[0]?.shape} by ${operands[0]?.quantization?.scales}`).toEqual(expected);
  }
});
