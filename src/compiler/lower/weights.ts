/** Constant weights of layers. */
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { ConvShape, Weights } from './layers.ts';

/** Zero point of weights quantized per tensor; else 0. */
export function zeroPointOf(weights: Tensor): number {
  const q = weights.quantization;
  return q === null || q.scales.length > 1 ? 0 : q.zeroPoints[0];
}

/** Weights and bias of an operator; both are constant. */
export const constantWeights = (weights: Tensor, bias: Tensor | null): Weights => ({
  data: weights.data as Int8Array,
  zeroPoint: zeroPointOf(weights),
  bias: bias?.data as Int32Array | null,
});

export const isConstant = (weights: Tensor, bias: Tensor | null): boolean =>
  weights.data !== null && (bias === null || bias.data !== null);

/** Whether the hybrid templates take the weights. */
export const isInt8Constant = (weights: Tensor): boolean => weights.data instanceof Int8Array;

/** [taps][outs] as [outs][taps]. */
export function transposeHwo<T extends Weights['data']>(data: T, outs: number): T {
  const taps = data.length / outs;
  return data.map((_, i) => data[(i % taps) * outs + Math.floor(i / taps)]) as T;
}

/** The window of a fully connected layer: a 1 × 1 convolution of rows of pixels. */
export const pixelsShape = (rows: number, depth: number): ConvShape => ({
  ...{ in_h: 1, in_w: rows, channels: depth, out_h: 1, out_w: rows, kernel_h: 1, kernel_w: 1 },
  ...{ stride_h: 1, stride_w: 1, dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: 0, groups: 1 },
});
