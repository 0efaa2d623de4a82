import type { Graph, Node } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { isFloat } from '../../model/tensor/dtype.ts';
import { floatOfHalf } from '../../model/tensor/half.ts';
import { strides } from '../../model/tensor/shape.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';

/** Operand of the weights and the axis of their output channels. */
const WEIGHTED: Partial<Record<OpKind, readonly [weights: number, axis: number, bias: number]>> = {
  'nn.conv2d': [1, 0, 2],
  'nn.depthwise_conv2d': [1, 3, 2],
  'nn.dense': [1, 0, 2],
};

/** The constants of a layer as real numbers, ordered by output channel. */
export interface Weights {
  readonly channels: number;
  /** Weights of one output channel. */
  readonly depth: number;
  /** The weights of channel c stand from c · depth on. */
  readonly values: Float32Array;
  /** The integers that the file holds, in the same order; null where it holds floats. */
  readonly codes: Int32Array | null;
  /** Scale of each channel's weights; empty where they are floats. */
  readonly scales: readonly number[];
  /** One a channel; null without a bias. */
  readonly bias: Float64Array | null;
  /** Scales that the file states for the bias; empty where it states none. */
  readonly biasScales: readonly number[];
}

export const isWeighted = (node: Node): boolean => WEIGHTED[node.kind] !== undefined;

/** The constants of a convolution or dense layer; null of others, and where they are computed. */
export function weightsOf(graph: Graph, node: Node): Weights | null {
  const operands = WEIGHTED[node.kind];
  const w = operands && graph.tensors[node.inputs[operands[0]]];
  if (operands === undefined || w?.data == null) return null;
  const [, axis, biasOperand] = operands;
  const channels = w.shape[axis];
  const depth = channels === 0 ? 0 : w.data.length / channels;
  const float = isFloat(w.dtype);
  const values = new Float32Array(w.data.length);
  const codes = float ? null : new Int32Array(w.data.length);
  const { scales, zeroPoints } = w.quantization ?? { scales: [1], zeroPoints: [0] };
  const step = strides(w.shape)[axis];
  const next = new Uint32Array(channels);
  for (let i = 0; i < values.length; i++) {
    const c = Math.floor(i / step) % channels;
    const k = scales.length === 1 ? 0 : c;
    const at = c * depth + next[c]++;
    const x = Number(w.data[i]);
    if (codes !== null) codes[at] = x - zeroPoints[k];
    values[at] = codes !== null ? scales[k] * codes[at] : w.dtype === 'float16' ? floatOfHalf(x) : x;
  }
  const perChannel = Array.from({ length: channels }, (_, c) => scales[scales.length === 1 ? 0 : c]);
  const bias = graph.tensors[node.inputs[biasOperand]] as Tensor | undefined;
  const input = graph.tensors[node.inputs[0]].quantization?.scales[0] ?? 1;
  return {
    ...{ channels, depth, values, codes, scales: float ? [] : perChannel },
    bias: bias?.data == null ? null : biasReals(bias, input, float ? null : perChannel),
    biasScales: bias?.quantization?.scales ?? [],
  };
}

/** Integer biases count in input scale · weight scale, whatever the file states for them. */
const biasReals = (bias: Tensor, input: number, scales: readonly number[] | null): Float64Array =>
  Float64Array.from(bias.data as ArrayLike<number | bigint>, (b, c) => {
    const x = bias.dtype === 'float16' ? floatOfHalf(Number(b)) : Number(b);
    return isFloat(bias.dtype) || scales === null ? x : x * input * scales[c];
  });

/** Cosine of the angle between `a` from `i` on and `b` from `j` on, over `n` values; 0 where one is zero. */
export function cosine(a: Float32Array, i: number, b: Float32Array, j: number, n: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[i + k], b[j + k]];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
