import { expect, test } from 'vitest';
import { interpret } from '../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import type { DType, TensorData } from '../../src/model/tensor/dtype.ts';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { modelOf, runBuilds } from '../compiler/run.ts';
import { randomData, randomOf } from '../model/graphs.ts';

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly left: Shape;
  readonly right: Shape;
  readonly adjX?: boolean;
  readonly adjY?: boolean;
  /** The right operand is known when compiling. */
  readonly constant?: boolean;
}

/** Ragged in rows, columns and depth, in any orientation, one matrix for several, known or not. */
const PRODUCTS: readonly Product[] = [
  { m: 9, n: 21, k: 32, left: [2], right: [2] },
  { m: 13, n: 40, k: 27, left: [3], right: [1], adjY: true },
  { m: 1, n: 16, k: 64, left: [2, 2], right: [2, 1] },
  { m: 33, n: 3, k: 18, left: [1], right: [3], adjX: true },
  { m: 8, n: 24, k: 100, left: [], right: [], adjX: true, adjY: true },
  { m: 5, n: 37, k: 48, left: [4], right: [], constant: true },
  { m: 7, n: 12, k: 41, left: [2], right: [2], constant: true, adjY: true },
  { m: 70, n: 65, k: 16, left: [2], right: [2], adjY: true },
];

function graphOf(dtype: DType, products: readonly Product[], seed: number): Graph {
  const random = randomOf(seed);
  const tensors: Tensor[] = [];
  const add = (shape: Shape, scale: number, zero: number, given = false): number => {
    const quantization = dtype === 'int8' ? perTensor(Math.fround(scale), zero) : null;
    const data = given ? randomData(dtype, elements(shape), random) : null;
    return tensors.push({ name: '', dtype, shape, quantization, data }) - 1;
  };
  const inputs: number[] = [];
  const nodes = products.map(({ m, n, k, left, right, adjX = false, adjY = false, constant = false }, i): Node => {
    const x = add([...left, ...(adjX ? [k, m] : [m, k])], 0.02, 7 * i - 20);
    const y = add([...right, ...(adjY ? [n, k] : [k, n])], 0.03, i % 3 === 0 ? 0 : 11 - 5 * i, constant);
    inputs.push(x, ...(constant ? [] : [y]));
    const rank = Math.max(left.length, right.length);
    const batch = Array.from({ length: rank }, (_, d) => {
      const at = (shape: Shape): number => shape[d - rank + shape.length] ?? 1;
      return Math.max(at(left), at(right));
    });
    const out = add([...batch, m, n], 0.02 * 0.03 * 1.5 * Math.sqrt(k) * 70, 3 * i - 4);
    const attrs = { adjX, adjY, asymmetricQuantizeInputs: false };
    return { kind: 'nn.batch_matmul', attrs, inputs: [x, y], outputs: [out], source: i };
  });
  return { name: 'products', tensors, nodes, inputs, outputs: nodes.map((node) => node.outputs[0]) };
}

/** With -128, which data may hold although weights do not. */
const withLowest = (data: TensorData): TensorData =>
  data instanceof Int8Array ? data.map((v) => (v === -127 ? -128 : v)) : data;

const SAMPLES = (['int8', 'float32'] as const).map((dtype, k) => {
  const graph = graphOf(dtype, PRODUCTS, k);
  const random = randomOf(100 + k);
  return {
    model: modelOf(graph),
    inputs: graph.inputs.map((id) => withLowest(randomData(dtype, elements(graph.tensors[id].shape), random))),
  };
});

test.each(['host', 'aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm', 'cortex-a53', 'neoverse-v2'])(
  'products of matrices on %s: as interpreted',
  async (target) => {
    const results = await runBuilds(SAMPLES, target);
    SAMPLES.forEach(({ model, inputs }, s) => {
      interpret(model, inputs).forEach((expected, i) => {
        // Floats: up to 100 products of about one, in any order.
        const most = expected instanceof Float32Array ? 1e-4 : 0;
        const off = Array.from(expected as Float32Array, (v, at) => Math.abs(Number(results[s][i][at]) - v));
        expect(Math.max(...off), JSON.stringify(PRODUCTS[i])).toBeLessThanOrEqual(most);
        expect(new Set(expected as Float32Array).size).toBeGreaterThan(20);
      });
    });
  },
);
