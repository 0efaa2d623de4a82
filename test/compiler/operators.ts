import fc from 'fast-check';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import type { OpView } from '../../src/model/ops/definition.ts';
import { rulesOf } from '../../src/model/ops/index.ts';
import type { DType, TensorData } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import { ABSENT, type Tensor } from '../../src/model/tensor/tensor.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { activation, type Case, dim, ints, loose, nhwc, quantization, scale, shapes, tensor } from './draws.ts';
import { moving } from './moving.ts';
import { pointwise } from './pointwise.ts';
import { vision } from './vision.ts';
import { windowed } from './windowed.ts';

export { type Case, ints, shapes, tensor } from './draws.ts';

const rescalable = fc.constantFrom<DType>('int8', 'int8', 'uint8', 'int16', 'int32');
const anyMoved = fc.constantFrom<DType>('int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'bool');

const pools: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom<OpKind>('nn.avg_pool2d', 'nn.max_pool2d'),
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'int16', 'float32'),
    shape: nhwc,
    pool: fc.tuple(dim, dim),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    padding: fc.constantFrom('SAME' as const, 'VALID' as const),
    activation,
  })
  .filter(({ shape, pool, padding }) => padding === 'SAME' || (pool[0] <= shape[1] && pool[1] <= shape[2]))
  .chain(({ kind, dtype, shape, ...attrs }) =>
    fc
      .tuple(loose(dtype), loose(dtype))
      .map(([own, q]) => ({ kind, attrs, operands: [tensor(dtype, shape, own)], dtype, quantization: q })),
  );

const means: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'int16', 'float32', 'int32', 'int64'),
    shape: nhwc,
    axes: fc.uniqueArray(fc.integer({ min: -4, max: 3 }), { minLength: 1, maxLength: 4 }),
    keepDims: fc.boolean(),
  })
  .chain(({ dtype, shape, axes, keepDims }) =>
    fc.tuple(loose(dtype), loose(dtype)).map(([from, q]) => ({
      kind: 'mean' as const,
      attrs: { keepDims },
      operands: [tensor(dtype, shape, from), ints(axes)],
      dtype,
      quantization: q,
    })),
  );

const softmaxes: fc.Arbitrary<Case> = fc
  .record({
    types: fc.constantFrom<[DType, DType]>(
      ['int8', 'int8'],
      ['uint8', 'uint8'],
      ['int8', 'int16'],
      ['int16', 'int16'],
      ['float32', 'float32'],
    ),
    shape: shapes,
    beta: fc.constantFrom(1, 0.5, 2),
  })
  .chain(({ types: [from, to], shape, beta }) =>
    quantization(from).map((q) => ({
      kind: 'nn.softmax' as const,
      attrs: { beta },
      operands: [tensor(from, shape, q)],
      dtype: to,
      quantization: to === 'float32' ? null : perTensor(to === 'int16' ? 1 / 32768 : 1 / 256, to === 'int8' ? -128 : 0),
    })),
  );

const paddings = (rank: number): fc.Arbitrary<Tensor> =>
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2 * rank, maxLength: 2 * rank }).map((values) => ({
    ...ints(values),
    shape: [rank, 2],
  }));

const moves: fc.Arbitrary<Case> = fc.tuple(anyMoved, shapes, fc.nat()).chain(([dtype, shape, seed]) =>
  fc.tuple(quantization(dtype), fc.boolean()).chain(([own, same]) => {
    // Operators that copy codes give them another meaning where the parameters differ.
    const q = own && (same ? own : perTensor(own.scales[0] * 2, own.zeroPoints[0]));
    const data = tensor(dtype, shape, own);
    const made = (kind: OpKind, attrs: object, ...operands: Tensor[]): Case => ({
      kind,
      attrs,
      operands,
      dtype,
      quantization: q,
    });
    const random = randomOf(seed);
    const pick = (n: number): number => Math.floor(random() * n);
    const order = shape.map((_, i) => i).sort(() => random() - 0.5);
    const begin = shape.map((n) => pick(n));
    const steps = shape.map(() => [1, 2, -1, -2][pick(4)]);
    const end = shape.map((n, i) =>
      steps[i] > 0 ? begin[i] + 1 + pick(n - begin[i]) : begin[i] - 1 - pick(begin[i] + 1),
    );
    const masks = {
      beginMask: pick(2 ** shape.length),
      endMask: shape.reduce((mask, _, i) => (end[i] < 0 ? mask | (1 << i) : mask), pick(2 ** shape.length)),
      ellipsisMask: 0,
      newAxisMask: 0,
      shrinkAxisMask: 0,
      offset: false,
    };
    const axis = pick(shape.length);
    return fc.oneof(
      fc.constant(made('transpose', {}, data, ints(order))),
      fc.constant(made('strided_slice', masks, data, ints(begin), ints(end), ints(steps))),
      fc.constant(made('stack', { axis: pick(shape.length + 1) }, data, data, data)),
      fc.constant(
        made('concatenate', { axis, activation: 'NONE' }, data, { ...data, shape: shape.with(axis, 2) }, data),
      ),
      paddings(shape.length).map((amounts) => made('nn.pad', {}, data, amounts)),
      fc.constant(made('reshape', { newShape: [-1, 1] }, data)),
      fc.constant(made('squeeze', { axes: [] }, data)),
      fc.constant({ ...made('rank_of', {}, data), dtype: 'int32' as const, quantization: null }),
      fc.constant({ ...made('shape_of', { dtype: 'int32' }, data), dtype: 'int32' as const, quantization: null }),
    );
  }),
);

/** Inputs of a uint8 concatenation may have scales of their own. */
const rescaling: fc.Arbitrary<Case> = fc
  .tuple(shapes, fc.array(quantization('uint8'), { minLength: 2, maxLength: 4 }))
  .map(([shape, [q, ...of]]) => ({
    kind: 'concatenate',
    attrs: { axis: -1, activation: 'NONE' },
    operands: [...of, q].map((own) => tensor('uint8', shape, own)),
    dtype: 'uint8',
    quantization: q,
  }));

const rescaled = (dtype: DType): fc.Arbitrary<Quantization | null> =>
  dtype === 'int32' ? scale.map((s) => perTensor(s / 1000, 0)) : quantization(dtype);

const perAxis = (count: number, axis: number, seed: number): Quantization => {
  const random = randomOf(seed);
  const list = Array.from({ length: count }, () => [Math.fround(0.01 + random() / 4), Math.floor(random() * 20) - 10]);
  return { scales: list.map(([s]) => s), zeroPoints: list.map(([, z]) => z), axis: count === 1 ? 0 : axis };
};

const conversions: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom<OpKind>('qnn.quantize', 'qnn.dequantize', 'qnn.requantize'),
    dtype: rescalable,
    to: rescalable,
    shape: shapes,
    channels: fc.option(fc.nat(), { nil: null }),
  })
  .chain(({ kind, dtype, to, shape, channels }) =>
    fc.tuple(rescaled(dtype), rescaled(to), fc.nat(shape.length - 1)).map(([from, q, axis]): Case => {
      const own = channels === null || dtype !== 'int8' ? from : perAxis(shape[axis], axis, channels);
      if (kind === 'qnn.quantize')
        return { kind, attrs: {}, operands: [tensor('float32', shape, null)], dtype, quantization: own };
      if (kind === 'qnn.dequantize')
        return { kind, attrs: {}, operands: [tensor(dtype, shape, own)], dtype: 'float32', quantization: null };
      return { kind, attrs: {}, operands: [tensor(dtype, shape, from)], dtype: to, quantization: q };
    }),
  );
const halves: fc.Arbitrary<Case> = shapes.map((shape) => ({
  kind: 'qnn.dequantize',
  attrs: {},
  operands: [tensor('float16', shape, null)],
  dtype: 'float32',
  quantization: null,
}));

/** Every family but convolution and fully connected; combinations that are not defined are among them. */
export const families = { pointwise, pools, means, softmaxes, moves, moving, windowed, conversions, rescaling, halves };

/** Operators of every family but convolution and fully connected, in every form that they are defined for. */
export const cases: fc.Arbitrary<Case> = fc
  .oneof(
    { arbitrary: pointwise, weight: 10 },
    { arbitrary: pools, weight: 2 },
    { arbitrary: means, weight: 2 },
    { arbitrary: softmaxes, weight: 2 },
    { arbitrary: moves, weight: 5 },
    { arbitrary: moving, weight: 12 },
    { arbitrary: windowed, weight: 8 },
    { arbitrary: vision, weight: 2 },
    { arbitrary: conversions, weight: 3 },
    { arbitrary: rescaling, weight: 1 },
    { arbitrary: halves, weight: 1 },
  )
  .filter((c) => isSound(c));

/** The results of a case, of the given shapes. */
const resultsOf = (c: Case, shapes: readonly Shape[]): Tensor[] =>
  [c.dtype, ...(c.more ?? [])].map((dtype, i) => {
    const own = i > 0 ? c.parameters?.[i - 1] : undefined;
    return tensor(dtype, shapes[i], own === undefined && dtype === c.dtype ? c.quantization : (own ?? null));
  });
const blank = (c: Case): OpView<OpKind> => ({
  ...nodeOf(c),
  inputs: c.operands,
  outputs: resultsOf(
    c,
    [c, ...(c.more ?? [])].map(() => [1]),
  ),
});
/** The shapes of the results; the largest where they depend on what is fed. */
const shapesOf = (c: Case): Shape[] => {
  const { shapes, bounds } = rulesOf(nodeOf(c).kind);
  return shapes(blank(c)).map((shape, i) => shape ?? bounds!(blank(c))[i]);
};
/** Why an operator is not defined for the operands of a case. */
export function problemsOf(c: Case): string[] {
  const { check } = rulesOf(nodeOf(c).kind);
  // The declared shape is not known yet; every other problem counts.
  const before = check(blank(c)).filter((text) => !/shape/.test(text));
  return before.length > 0 ? before : check({ ...blank(c), outputs: resultsOf(c, shapesOf(c)) });
}
/** Whether the operator is defined for its operands. */
export const isSound = (c: Case): boolean => problemsOf(c).length === 0;
const nodeOf = (c: Case): Node =>
  ({ kind: c.kind, attrs: c.attrs, inputs: [], outputs: [], source: 0 }) as unknown as Node;

/** All cases side by side in one graph, so that one compilation covers them. */
export function graphOf(list: readonly Case[]): Graph {
  const tensors: Tensor[] = [];
  const inputs: number[] = [];
  const outputs: number[] = [];
  const nodes = list.map((c, source) => {
    const operands = c.operands.map((operand, i) => {
      if (operand === null) return ABSENT;
      const id = tensors.push({ ...operand, name: `${source} ${c.kind} operand ${i}` }) - 1;
      if (operand.data === null && !operand.variable) inputs.push(id);
      return id;
    });
    const results = resultsOf(c, shapesOf(c)).map((result, i) => {
      const name = `${source} ${c.kind}${i > 0 ? ` ${i}` : ''}`;
      return tensors.push({ ...result, name }) - 1;
    });
    outputs.push(...results);
    return { ...nodeOf(c), inputs: operands, outputs: results, source } as Node;
  });
  return { name: 'operators', tensors, nodes, inputs, outputs };
}

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30, -0];

/** Random elements for every input of a graph; with `special`, a float in a hundred is no ordinary number. */
export const feed = (graph: Graph, seed: number, special = false): TensorData[] => {
  const random = randomOf(seed);
  return graph.inputs.map((id) => {
    const { dtype, shape } = graph.tensors[id];
    const n = elements(shape);
    if (dtype === 'bool') return Uint8Array.from({ length: n }, () => Math.floor(random() * 2));
    // All half patterns but infinities and NaN.
    if (dtype === 'float16') return Uint16Array.from({ length: n }, () => Math.floor(random() * 65536) & 0xfbff);
    const data = randomData(dtype, n, random);
    if (!special || !(data instanceof Float32Array)) return data;
    return data.map((v) => (random() < 0.01 ? SPECIAL[Math.floor(random() * SPECIAL.length)] : v));
  });
};
