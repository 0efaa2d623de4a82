import { describe, expect, it } from 'vitest';
import type { OpAttrs, OpKind } from '../../../src/model/ops/attrs.ts';
import type { OpView } from '../../../src/model/ops/definition.ts';
import { rulesOf } from '../../../src/model/ops/index.ts';
import { allocate, type DType, type TensorData } from '../../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const q = perTensor(0.5, 0);

function tensor(
  dtype: DType,
  shape: Shape,
  quantization: Quantization | null = null,
  data: TensorData | null = null,
): Tensor {
  return { name: 't', dtype, shape, quantization, data };
}
const constant = (values: readonly number[]): Tensor => tensor('int32', [values.length], null, Int32Array.from(values));
const weights = (dtype: DType, shape: Shape, quantization: Quantization | null = q): Tensor =>
  tensor(dtype, shape, quantization, allocate(dtype, elements(shape)));

function problems<K extends OpKind>(
  kind: K,
  attrs: OpAttrs[K],
  inputs: readonly (Tensor | null)[],
  outputs: readonly Tensor[],
): string[] {
  const view: OpView<OpKind> = { kind, attrs, inputs, outputs } as unknown as OpView<OpKind>;
  return rulesOf(kind).check(view);
}

const conv = { padding: 'SAME', strides: [1, 1], dilation: [1, 1], activation: 'NONE' } as const;
const image = tensor('int8', [1, 4, 4, 3], q);
const kernel = weights('int8', [2, 3, 3, 3]);
const result = tensor('int8', [1, 4, 4, 2], q);
const bias = weights('int32', [2], null);

describe('a convolution', () => {
  it('is accepted as it should be', () => {
    expect(problems('nn.conv2d', conv, [image, kernel, bias], [result])).toEqual([]);
    expect(problems('nn.conv2d', conv, [image, kernel], [result])).toEqual([]);
    expect(problems('nn.conv2d', conv, [image, kernel, null], [result])).toEqual([]);
  });

  it.each([
    ['no operands', conv, [], 'inputs'],
    ['a missing kernel', conv, [image, null], 'missing'],
    ['a stride of 0', { ...conv, strides: [0, 1] }, [image, kernel], 'stride'],
    ['a negative dilation', { ...conv, dilation: [1, -1] }, [image, kernel], 'dilation'],
    ['a dilation beyond bounds', { ...conv, dilation: [1, 2 ** 30] }, [image, kernel], 'spreads the kernel over'],
    ['a fused TANH', { ...conv, activation: 'TANH' }, [image, kernel], 'TANH'],
    ['a kernel of height 0', conv, [image, weights('int8', [2, 0, 3, 3])], 'kernel'],
    ['a kernel larger than the image', { ...conv, padding: 'VALID' }, [image, weights('int8', [2, 5, 5, 3])], 'larger'],
    ['a flat input', conv, [tensor('int8', [48], q), kernel], 'dimensions'],
    ['channels that do not divide', conv, [image, weights('int8', [2, 3, 3, 2])], 'divide'],
    ['float weights', conv, [image, weights('float32', [2, 3, 3, 3], null)], 'float32'],
    ['a short bias', conv, [image, kernel, weights('int32', [1], null)], 'bias'],
    ['a float bias', conv, [image, kernel, weights('float32', [2], null)], 'bias'],
    ['no input quantization', conv, [tensor('int8', [1, 4, 4, 3]), kernel], 'quantization'],
    ['a scale of 0', conv, [tensor('int8', [1, 4, 4, 3], perTensor(0, 0)), kernel], 'scale'],
    ['a NaN scale', conv, [tensor('int8', [1, 4, 4, 3], perTensor(Number.NaN, 0)), kernel], 'scale'],
    ['a zero point outside of int8', conv, [tensor('int8', [1, 4, 4, 3], perTensor(1, 300)), kernel], 'zero point'],
    ['a weight zero point', conv, [image, weights('int8', [2, 3, 3, 3], perTensor(1, 4))], 'zero point'],
    [
      'three scales for two channels',
      conv,
      [image, weights('int8', [2, 3, 3, 3], { scales: [1, 1, 1], zeroPoints: [0, 0, 0], axis: 0 })],
      'scales',
    ],
    [
      'scales along the wrong axis',
      conv,
      [image, weights('int8', [2, 3, 3, 3], { scales: [1, 1, 1], zeroPoints: [0, 0, 0], axis: 3 })],
      'dimension 3',
    ],
  ] as [string, OpAttrs['nn.conv2d'], (Tensor | null)[], string][])('with %s is refused', (_, attrs, inputs, word) => {
    const found = problems('nn.conv2d', attrs, inputs, [result]);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('; ')).toContain(word);
  });
});

describe('other operators refuse', () => {
  const float = tensor('float32', [2, 3]);
  const eight = tensor('int8', [2, 3], q);
  it.each<[string, () => string[]]>([
    [
      'channels that are no multiple',
      () =>
        problems(
          'nn.depthwise_conv2d',
          { ...conv, depthMultiplier: 1 },
          [image, weights('int8', [1, 3, 3, 4])],
          [result],
        ),
    ],
    [
      'rows that do not divide',
      () =>
        problems(
          'nn.dense',
          { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false },
          [float, weights('float32', [4, 4], null)],
          [float],
        ),
    ],
    [
      'a pool of 0',
      () =>
        problems(
          'nn.max_pool2d',
          { padding: 'VALID', strides: [1, 1], pool: [0, 2], activation: 'NONE' },
          [image],
          [image],
        ),
    ],
    [
      'a pool that would have to clamp without a scale',
      () =>
        problems(
          'nn.avg_pool2d',
          { padding: 'VALID', strides: [1, 1], pool: [2, 2], activation: 'RELU' },
          [image],
          [tensor('int8', [1, 3, 3, 3])],
        ),
    ],
    [
      'shapes that do not broadcast',
      () => problems('add', { activation: 'NONE' }, [float, tensor('float32', [2, 4])], [float]),
    ],
    ['mixed types', () => problems('add', { activation: 'NONE' }, [float, eight], [float])],
    ['two stretched dimensions', () => problems('reshape', { newShape: null }, [float, constant([-1, -1])], [float])],
    ['a dimension of −5', () => problems('reshape', { newShape: [-5, 6] }, [float], [float])],
    ['the wrong count', () => problems('reshape', { newShape: [4, 2] }, [float], [float])],
    ['dropping a dimension of 2', () => problems('squeeze', { axes: [0] }, [float], [float])],
    ['a repeated permutation axis', () => problems('transpose', {}, [float, constant([1, 1])], [float])],
    ['a permutation out of range', () => problems('transpose', {}, [float, constant([0, 2])], [float])],
    ['negative padding', () => problems('nn.pad', {}, [float, constant([0, 0, -1, 0])], [float])],
    [
      'padding beyond any memory',
      () => problems('nn.pad', {}, [float, constant([2147483647, 2147483647, 0, 0])], [float]),
    ],
    ['an axis out of range', () => problems('concatenate', { axis: 5, activation: 'NONE' }, [float, float], [float])],
    ['a mean over axis 4', () => problems('mean', { keepDims: true }, [float, constant([4])], [float])],
    [
      'a stride of 0',
      () =>
        problems(
          'strided_slice',
          { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: false },
          [float, constant([0, 0]), constant([1, 1]), constant([0, 1])],
          [float],
        ),
    ],
    ['softmax with another output scale', () => problems('nn.softmax', { beta: 1 }, [eight], [eight])],
    ['softmax with a beta of NaN', () => problems('nn.softmax', { beta: Number.NaN }, [float], [float])],
    ['quantizing into float', () => problems('qnn.quantize', {}, [float], [float])],
  ])('%s', (_, found) => {
    expect(found().length).toBeGreaterThan(0);
  });
});

describe('strided slices', () => {
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: false };
  const data = tensor(
    'int32',
    [2, 3, 4],
    null,
    Int32Array.from({ length: 24 }, (_, i) => i),
  );
  function slice(attrs: Partial<typeof masks>, begin: number[], end: number[], step: number[]): [Shape, number[]] {
    const inputs = [data, constant(begin), constant(end), constant(step)];
    const rules = rulesOf('strided_slice');
    const view = {
      kind: 'strided_slice',
      attrs: { ...masks, ...attrs },
      inputs,
      outputs: [tensor('int32', [])],
    } as unknown as OpView<OpKind>;
    expect(rules.check(view)).toEqual([]);
    const shape = rules.shapes(view)[0]!;
    const [out] = rules.evaluate({ ...view, data: inputs.map((t) => t.data), profile: 'tflite' });
    return [shape, Array.from(out as Int32Array)];
  }

  // Expected values are numpy's: x = arange(24).reshape(2, 3, 4).
  it.each<[string, () => [Shape, number[]], Shape, number[]]>([
    ['x[0:1, 1:3, 0:2]', () => slice({}, [0, 1, 0], [1, 3, 2], [1, 1, 1]), [1, 2, 2], [4, 5, 8, 9]],
    [
      'x[..., 1]',
      () => slice({ ellipsisMask: 1, shrinkAxisMask: 2 }, [0, 1], [0, 0], [1, 1]),
      [2, 3],
      [1, 5, 9, 13, 17, 21],
    ],
    [
      'x[1, ::-1, -1]',
      () => slice({ shrinkAxisMask: 5, beginMask: 2, endMask: 2 }, [1, 0, -1], [0, 0, 0], [1, -1, 1]),
      [3],
      [23, 19, 15],
    ],
    [
      'x[:, newaxis, 0, ::2]',
      () =>
        slice(
          { beginMask: 9, endMask: 9, newAxisMask: 2, shrinkAxisMask: 4 },
          [0, 0, 0, 0],
          [0, 0, 0, 0],
          [1, 1, 1, 2],
        ),
      [2, 1, 2],
      [0, 2, 12, 14],
    ],
    [
      'x[1]',
      () => slice({ shrinkAxisMask: 1 }, [1], [2], [1]),
      [3, 4],
      [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23],
    ],
    ['x[5:9]', () => slice({}, [5], [9], [1]), [0, 3, 4], []],
    [
      'x[-1:, 2:0:-1, 3:-9:-2]',
      () => slice({ endMask: 1 }, [-1, 2, 3], [0, 0, -9], [1, -1, -2]),
      [1, 2, 2],
      [23, 21, 19, 17],
    ],
  ])('%s', (_, run, shape, values) => {
    expect(run()).toEqual([shape, values]);
  });
});
