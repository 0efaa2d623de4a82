import { expect, test } from 'vitest';
import { fitLinearSum } from '../../src/compiler/codegen/emitters/elementwise/linear_sum.ts';
import type { Activation } from '../../src/model/arithmetic/activation.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { type DType, fromBytes, integerRange } from '../../src/model/tensor/dtype.ts';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { modelOf, runBuilds } from '../compiler/run.ts';
import { randomOf } from '../model/graphs.ts';

type Kind = 'add' | 'subtract' | 'multiply';
interface Sum {
  readonly kind: Kind;
  readonly activation: Activation;
  readonly tensors: readonly [Tensor, Tensor, Tensor];
}

/** Every pair of bytes, and nine more so that the last step is not full. */
const LENGTH = 65536 + 9;

/** Scales of residual additions, and those whose sums fall on halves: equal ones, powers of two, far apart ones. */
function draw(random: () => number, dtype: DType, i: number): Sum {
  const s = Math.exp(random() * 6 - 5);
  const free = [s, s * Math.exp(random() * 4 - 2), s * Math.exp(random() * 2 - 0.5)];
  const scales = [free, free, free, [s, s, s], [s, s, 2 * s], [s, 4 * s, 8 * s], [s / 8, s, s], [s, 20 * s, 3 * s]][
    i % 8
  ];
  const product = [s, free[1], s * free[1] * [256, 64 + 200 * random(), 128, 3000 * random()][i % 4]];
  const kind = i % 3 === 2 ? 'multiply' : random() < 0.7 ? 'add' : 'subtract';
  const [lo, hi] = integerRange(dtype);
  const tensors = (kind === 'multiply' ? product : scales).map((scale, k): Tensor => {
    const zero = lo + Math.floor(random() * (hi - lo + 1));
    const quantization = perTensor(Math.fround(scale), zero);
    return { name: `${i}.${k}`, dtype, shape: [LENGTH], quantization, data: null };
  });
  const activations: Activation[] = ['NONE', 'RELU', 'RELU6', 'RELU_N1_TO_1'];
  return {
    kind,
    activation: activations[random() < 0.6 ? 0 : 1 + Math.floor(random() * 3)],
    tensors: [tensors[0], tensors[1], tensors[2]],
  };
}

const random = randomOf(11);
const SUMS = Array.from({ length: 48 }, (_, i) => draw(random, i % 2 === 0 ? 'int8' : 'uint8', i >> 1));

const graph: Graph = {
  name: 'sums',
  tensors: SUMS.flatMap(({ tensors }) => tensors),
  inputs: SUMS.flatMap((_, i) => [3 * i, 3 * i + 1]),
  outputs: SUMS.map((_, i) => 3 * i + 2),
  nodes: SUMS.map(
    ({ kind, activation }, i): Node => ({
      ...{ kind, attrs: { activation } },
      ...{ inputs: [3 * i, 3 * i + 1], outputs: [3 * i + 2], source: i },
    }),
  ),
};
const pairs = [(at: number) => (at >> 8) & 255, (at: number) => at & 255].map((byte) =>
  Uint8Array.from({ length: LENGTH }, (_, at) => byte(at)),
);
const inputs = SUMS.flatMap(({ tensors }) => pairs.map((bytes) => fromBytes(tensors[0].dtype, bytes)));

test.each(['host', 'aarch64', 'aarch64+dotprod'])(
  '8-bit sums and products on %s: all pairs as the interpreter',
  async (target) => {
    const [actual] = await runBuilds([{ model: modelOf(graph), inputs }], target);
    const expected = interpret(modelOf(graph), inputs);
    SUMS.forEach((sum, i) => {
      const wrong = actual[i].findIndex((value, at) => value !== expected[i][at]);
      expect(wrong, JSON.stringify(sum)).toBe(-1);
    });
  },
);

test('scales that residual additions have are served by the linear form', () => {
  const refused = SUMS.filter(({ kind, tensors: [a, b, out] }) => {
    const [sa, sb, so] = [a, b, out].map((t) => t.quantization!.scales[0]);
    if (kind === 'multiply' || Math.max(sa, sb) > 2 * so) return false;
    const op = { kind, attrs: { activation: 'NONE' as const }, inputs: [a, b], outputs: [out] };
    return fitLinearSum(op, 'tflite', ...integerRange(out.dtype)) === null;
  });
  expect(refused).toEqual([]);
});
