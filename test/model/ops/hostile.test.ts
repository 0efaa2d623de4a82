import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import type { OpView } from '../../../src/model/ops/definition.ts';
import { ops, rulesOf } from '../../../src/model/ops/index.ts';
import { allocate, DTYPES, type DType, type TensorData } from '../../../src/model/tensor/dtype.ts';
import type { Quantization } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

/** Numbers that files like to break things with. */
const odd = fc.oneof(fc.integer({ min: -3, max: 5 }), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 2 ** 30, 77));
const small = fc.integer({ min: 0, max: 4 });
const dtype = fc.oneof(fc.constantFrom<DType>('int8', 'float32', 'int32', 'uint8'), fc.constantFrom(...DTYPES));
const scale = fc.oneof(fc.constantFrom(1, 0.5, 1 / 256), fc.constantFrom(0, -1, Number.NaN, 1e-42, 3e38, Infinity));
const quantization: fc.Arbitrary<Quantization | null> = fc.option(
  fc
    .integer({ min: 0, max: 3 })
    .chain((n) => fc.record({ scales: fc.array(scale, { minLength: n, maxLength: n }), axis: odd }))
    .chain((q) =>
      fc.array(fc.oneof(fc.constant(0), odd), { maxLength: 3 }).map((zeroPoints) => ({ ...q, zeroPoints })),
    ),
);
const sound: fc.Arbitrary<Quantization> = fc.constant({ scales: [0.5], zeroPoints: [0], axis: 0 });

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype,
    shape: fc.array(small, { maxLength: 5 }),
    quantization: fc.oneof(sound, quantization),
    values: fc.option(fc.array(odd)),
    variable: fc.boolean(),
  })
  .map(({ dtype, shape, quantization, values, variable }) => ({
    name: 't',
    dtype,
    shape,
    quantization,
    data: fill(dtype, shape, values),
    variable,
  }));

function fill(dtype: DType, shape: Shape, values: readonly number[] | null): TensorData | null {
  if (values === null) return null;
  const data = allocate(dtype, elements(shape));
  for (let i = 0; i < data.length; i++) {
    const v = values[i % Math.max(1, values.length)] ?? 0;
    data[i] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(v) : v;
  }
  return data;
}

const pair = fc.tuple(odd, odd);
const activation = fc.constantFrom('NONE', 'RELU', 'RELU6', 'RELU_N1_TO_1', 'TANH', 'SIGN_BIT');
/** All attributes that any kind reads; a kind looks only at its own. */
const attrs = fc.record({
  padding: fc.oneof(fc.constantFrom('SAME', 'VALID'), fc.record({ top: odd, bottom: odd, left: odd, right: odd })),
  strides: fc.oneof(fc.constant([1, 1]), pair),
  dilation: fc.oneof(fc.constant([1, 1]), pair),
  pool: pair,
  activation,
  depthMultiplier: odd,
  keepNumDims: fc.boolean(),
  keepDims: fc.boolean(),
  asymmetricQuantizeInputs: fc.boolean(),
  beta: fc.constantFrom(1, 0, -1, Number.NaN, Infinity),
  newShape: fc.option(fc.array(odd, { maxLength: 4 })),
  axes: fc.array(odd, { maxLength: 3 }),
  axis: odd,
  dtype: fc.constantFrom('int32', 'int64'),
  offset: fc.boolean(),
  beginMask: odd,
  endMask: odd,
  ellipsisMask: odd,
  newAxisMask: odd,
  shrinkAxisMask: odd,
  boundaries: fc.array(fc.oneof(odd, fc.constantFrom(Number.NaN, Infinity)), { maxLength: 3 }),
  fold: fc.constantFrom('ADD', 'MUL', 'MINIMUM', 'MAXIMUM', 'ALL', 'ANY'),
  rank: odd,
  cellClip: fc.constantFrom(0, 1, -1, Number.NaN),
  projectionClip: fc.constantFrom(0, 0.5, Infinity),
  timeMajor: fc.boolean(),
  mergeOutputs: fc.boolean(),
  intermediates: fc.option(
    fc.array(fc.option(fc.record({ scale: fc.constantFrom(0.5, 1e-3), zeroPoint: fc.constant(0) })), { maxLength: 5 }),
  ),
  maxDetections: odd,
  maxClassesPerDetection: odd,
  detectionsPerClass: odd,
  useRegularNms: fc.boolean(),
  scoreThreshold: fc.constantFrom(0, Number.NaN, Infinity),
  iouThreshold: fc.constantFrom(0.5, 0, 2),
  numClasses: odd,
  yScale: fc.constantFrom(10, 0),
  xScale: fc.constantFrom(10, Number.NaN),
  hScale: fc.constantFrom(5, Infinity),
  wScale: fc.constant(5),
});
/** Layers with states take five to twenty-four operands, of which many may be absent. */
const MANY: Partial<Record<OpKind, readonly number[]>> = {
  'nn.lstm': [20, 24, 5],
  'nn.lstm_cell': [20, 24],
  'nn.basic_lstm_cell': [5],
  'nn.bidirectional_lstm': [48],
  'nn.rnn_cell': [5],
  'nn.rnn': [5],
  'nn.bidirectional_rnn': [12],
  'nn.svdf': [5],
  'hlo.reduce_window': [5],
  'vision.non_max_suppression': [5],
  'vision.soft_non_max_suppression': [6],
};
const KINDS = Object.keys(ops) as OpKind[];
// Pools take no explicit padding; the importer never gives them one.
const ofKind = (kind: OpKind, a: { padding: unknown }): object =>
  kind.endsWith('pool2d') && typeof a.padding === 'object' ? { ...a, padding: 'SAME' } : a;

const operands = (n: number) => fc.array(fc.option(tensor, { freq: 20 }), { minLength: n, maxLength: n });
const node = fc
  .constantFrom(...KINDS)
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      attrs,
      inputs: fc.constantFrom(...(MANY[kind] ?? [0, 1, 2, 3, 4])).chain(operands),
      outputs: fc.array(tensor, {
        minLength: 1,
        maxLength: /^vision|^unique$|^topk$|basic|bidirectional/.test(kind) ? 4 : 1,
      }),
      alike: fc.boolean(),
    }),
  )
  .map(({ kind, attrs, inputs, outputs, alike }) => {
    const [first] = inputs;
    // Half of the time the tensors agree in type and quantization, so that more than the first rule is reached.
    const match = (t: Tensor): Tensor =>
      first && alike
        ? { ...t, dtype: first.dtype, quantization: first.quantization, data: fill(first.dtype, t.shape, [1]) }
        : t;
    return {
      kind,
      attrs: ofKind(kind, attrs),
      inputs: inputs.map((t, i) => t && (i === 0 ? t : match(t))),
      outputs: outputs.map(match),
    } as unknown as OpView<OpKind>;
  });

describe('whatever a file holds', () => {
  it('check answers and never throws, and what it lets through can be computed', () => {
    let accepted = 0;
    fc.assert(
      fc.property(node, (view) => {
        const rules = rulesOf(view.kind);
        const problems = rules.check(view);
        if (problems.length > 0) return problems.every((p) => typeof p === 'string' && p.length > 0);
        const inputs = view.inputs.map((t) => t && { ...t, data: t.data ?? allocate(t.dtype, elements(t.shape)) });
        const known = { ...view, inputs };
        // Operators that run other graphs have no arithmetic of their own.
        if (rules.control || rules.check(known).length > 0) return true;
        const shapes = rules.shapes(known);
        if (shapes.some((s) => s === null || elements(s) > 1e5)) return true;
        const outputs = view.outputs.map((t, i) => ({ ...t, shape: shapes[i]! }));
        const results = rules.evaluate({
          ...known,
          outputs,
          data: inputs.map((t) => t?.data ?? null),
          profile: 'tflite',
        });
        accepted++;
        // The new states follow the results.
        expect(results.slice(0, outputs.length).map((r) => r.length)).toEqual(outputs.map((t) => elements(t.shape)));
        return true;
      }),
      { numRuns: 30_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
