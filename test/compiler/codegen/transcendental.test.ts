import { expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import { randomOf } from '../../model/graphs.ts';
import { graphOf, tensor } from '../operators.ts';
import { modelOf, runBuilds } from '../run.ts';

const KINDS: readonly (readonly [OpKind, object])[] = [
  ['exp', {}],
  ['nn.elu', {}],
  ['tanh', {}],
  ['sigmoid', {}],
  ['nn.gelu', { approximate: true }],
];
const COUNT = 40_001;

/** Half of them any bit pattern, infinities and NaN among them; the others of usual size. */
function values(): Float32Array {
  const random = randomOf(7);
  const bits = Uint32Array.from({ length: COUNT }, () => Math.floor(random() * 2 ** 32));
  return new Float32Array(bits.buffer).map((v, i) => (i % 2 === 0 ? v : (random() - 0.5) * [4, 40, 400][i % 3]));
}

test.each([
  ['host', 'clang'],
  ['host', 'gcc'],
  ['aarch64', 'clang'],
  ['aarch64', 'gcc'],
] as const)('builds for %s by %s give the bits that the interpreter gives', async (target, family) => {
  const operands = [tensor('float32', [COUNT], null)];
  const graph = graphOf(
    KINDS.map(([kind, attrs]) => ({ kind, attrs, operands, dtype: 'float32' as const, quantization: null })),
  );
  const model = modelOf(graph);
  const inputs = graph.inputs.map(values);
  const [actual] = await runBuilds([{ model, inputs }], target, { family });
  for (const [i, expected] of interpret(model, inputs).entries()) {
    const wrong = [...expected.entries()].filter(([at, v]) => !Object.is(v, actual[i][at]));
    expect(
      wrong.map(([at, v]) => `${KINDS[i][0]}(${inputs[0][at]}) is ${v}, not ${actual[i][at]}`).slice(0, 5),
    ).toEqual([]);
  }
});
