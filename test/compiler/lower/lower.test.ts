import { expect, test } from 'vitest';
import { LOWERINGS } from '../../../src/compiler/lower/index.ts';
import { MAX_KERNEL_ROWS } from '../../../src/compiler/lower/layers.ts';
import type { Lowering } from '../../../src/compiler/lower/lowering.ts';
import { transposeHwo } from '../../../src/compiler/lower/weights.ts';
import type { Profile } from '../../../src/model/arithmetic/multiplier.ts';
import { operandsOf, resultsOf } from '../../../src/model/ir/graph.ts';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import { modelOfLayers, type Layer as Ragged } from '../../native/layers.ts';

const RAGGED: Ragged = {
  ...{ kind: 'nn.conv2d', form: 'int8', input: [2, 9, 7, 8], outs: 3, groups: 1, kernel: [3, 3], strides: [2, 1] },
  ...{ dilation: [1, 2], padding: 'SAME', activation: 'RELU6', bias: true, perChannel: true, gain: 1, seed: 5 },
};

function lower(given: Partial<Ragged>, profile: Profile = 'tflite', change: (weights: object) => object = (w) => w) {
  const graph = modelOfLayers([{ ...RAGGED, ...given }]).model.subgraphs[0];
  const node = graph.nodes[0];
  const inputs = operandsOf(graph, node).map((tensor, i) => (i === 1 ? change(tensor!) : tensor));
  const op = { kind: node.kind, attrs: node.attrs, inputs, outputs: resultsOf(graph, node) };
  return (LOWERINGS[node.kind as keyof typeof LOWERINGS] as Lowering<OpKind>)(op as never, profile);
}
const DEPTHWISE = { kind: 'nn.depthwise_conv2d', outs: 1 } as const;

test('layers with constant weights of 8 bits or float are matrix multiplications and depthwise convolutions', () => {
  for (const form of ['int8', 'uint8-full', 'float32'] as const) {
    expect(lower({ form })).toMatchObject({ kind: 'gemm', m: 2 * 5 * 7, columns: 3 });
    expect(lower({ form, kind: 'nn.dense' })).toMatchObject({ kind: 'gemm', m: 18, columns: 3 });
    expect(lower({ form, ...DEPTHWISE, outs: 2 })).toMatchObject({ kind: 'depthwise', multiplier: 2, batch: 2 });
  }
});

test('the window has its padding', () => {
  expect(lower({})).toMatchObject({
    shape: {
      ...{ in_h: 9, in_w: 7, channels: 8, out_h: 5, out_w: 7, kernel_h: 3, kernel_w: 3, stride_h: 2, stride_w: 1 },
      ...{ dilation_h: 1, dilation_w: 2, pad_top: 1, pad_left: 2, groups: 1 },
    },
  });
});

test('hybrid layers quantize data as TFLite does', () => {
  const form = 'hybrid';
  expect(lower({ form })).toMatchObject({ kind: 'hybrid_gemm', hybrid: { asymmetric: true, weightsThenData: true } });
  const one = { form, perChannel: false } as const;
  expect(lower(one)).toMatchObject({ kind: 'hybrid_gemm', hybrid: { asymmetric: false, weightsThenData: false } });
  expect(lower({ ...one, ...DEPTHWISE })).toMatchObject({
    ...{ kind: 'hybrid_depthwise', hybrid: { asymmetric: true, weightsThenData: false } },
  });
  expect(lower({ ...one, ...DEPTHWISE, outs: 2 })).toMatchObject({ kind: 'reference_conv', multiplier: 2 });
});

test('what no tile kernel computes goes to the reference kernels', () => {
  const computed = (weights: object): object => ({ ...weights, data: null });
  for (const kind of ['nn.conv2d', 'nn.dense', 'nn.depthwise_conv2d'] as const) {
    expect(lower({ kind, form: 'int16' })?.kind).toBe('reference_conv');
    expect(lower({ kind }, 'tflite', computed)?.kind).toBe('reference_conv');
  }
  const rows = (kernel: number) => lower({ ...DEPTHWISE, input: [1, 99, 5, 8], kernel: [kernel, 1] })?.kind;
  expect(rows(MAX_KERNEL_ROWS)).toBe('depthwise');
  expect(rows(MAX_KERNEL_ROWS + 1)).toBe('reference_conv');
});

test('a depthwise convolution of one channel is a matrix multiplication', () => {
  const one = { ...DEPTHWISE, input: [1, 4, 4, 1], outs: 2, kernel: [1, 3] } as const;
  expect(lower(one)).toMatchObject({ kind: 'gemm', columns: 2 });
  expect([...transposeHwo(Int8Array.of(1, 2, 3, 4, 5, 6), 2)]).toEqual([1, 3, 5, 2, 4, 6]);
});

test('fully connected layers round in double, by profile tflite alone', () => {
  const kind = 'nn.dense';
  expect(lower({ kind })).toMatchObject({ requantization: { inDouble: true } });
  expect(lower({ kind }, 'xnnpack')).toMatchObject({ requantization: { inDouble: false } });
});

test('a result without elements needs no layer', () => {
  expect(lower({ padding: 'VALID', input: [0, 9, 9, 8] })).toBeNull();
});
