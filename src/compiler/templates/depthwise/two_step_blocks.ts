/**
 * Constants of native/kernels/depthwise_in_order.h: two-step requantization of the channels for which it is proved to give TFLite's
 * results.
 */
import { activationRange } from '../../../model/arithmetic/activation.ts';
import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import { requantizer } from '../../../model/arithmetic/multiplier.ts';
import { clamp } from '../../../model/arithmetic/rounding.ts';
import { parameters } from '../../../model/ops/checks.ts';
import type { DepthwiseLayer } from '../../lower/layers.ts';
import { LIMIT, scalingOf, twoStepOf } from '../epilogue/proofs/two_step.ts';
import { kernelColumns } from '../in_order/depthwise.ts';
import type { Operands } from '../workload.ts';
import { kernelOf } from './kernels.ts';
import type { DepthwiseKey, OrderedChannel, TwoStepBlocks } from './workload.ts';

export const TAPS = 9;
export const BLOCK = 8;
const clampInt8 = (w: number): number => clamp(w, -128, 127);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Whether depthwise_in_order.h covers a window. */
export const suitsIssueOrder = (
  { kernel, strides, dilation, multiplier, channels }: DepthwiseKey,
  operands: Operands,
): boolean =>
  kernel.every((extent) => extent === 3) &&
  strides[1] <= 2 &&
  dilation[1] === 1 &&
  multiplier === 1 &&
  channels >= BLOCK &&
  kernelOf('pairs').exactFor.includes(operands);

/** The constants of all blocks; null where none has any. `bias`: as packed. */
export function twoStepBlocks(layer: DepthwiseLayer, bias: ArrayLike<number>, profile: Profile): TwoStepBlocks | null {
  const { channels } = layer.shape;
  const constants = range(channels).map(channelConstants(layer, bias, profile));
  const blocks = range(Math.ceil(channels / BLOCK)).map((b) => {
    const start = Math.min(b * BLOCK, channels - BLOCK);
    const block = constants.slice(start, start + BLOCK);
    return block.every((channel) => channel !== null) ? block : null;
  });
  if (blocks.every((block) => block === null)) return null;
  return { blocks, complete: blocks.every((block) => block !== null) };
}

/** The constants of a channel; null where none are found. */
function channelConstants(layer: DepthwiseLayer, bias: ArrayLike<number>, profile: Profile) {
  const { shape: s, weights, output, activation, requantization } = layer;
  const { scale, zeroPoint } = parameters(output);
  const { min, max } = activationRange(activation, scale, zeroPoint, output.dtype);
  const levels = { min: min - zeroPoint, max: max - zeroPoint };
  const { factors } = requantization!;
  const level = requantizer(profile, factors);
  const columns = kernelColumns(s.stride_w);
  const products = range(TAPS).map((i) => 3 * Math.floor(i / 3) + columns[i % 3]);
  return (c: number): OrderedChannel | null => {
    const own = products.map((tap) => weights.data[tap * s.channels + c] - weights.zeroPoint);
    const ends = own.map((w) => [Math.min(-128 * w, 127 * w), Math.max(-128 * w, 127 * w)]);
    const sums = { min: bias[c], max: bias[c] };
    for (const [least, most] of ends) [sums.min, sums.max] = [sums.min + least, sums.max + most];
    if (sums.min < -LIMIT || sums.max >= LIMIT) return null;
    const factor = factors[factors.length === 1 ? 0 : c];
    const scaling = scalingOf((sum) => level(sum, c), { factor, bias: bias[c], sums, levels });
    const found = scaling && twoStepOf(scaling, zeroPoint);
    // A constant result needs no products.
    const used = found?.multiplier === 0 ? own.map(() => 0) : own;
    return found && { ...found, weights: used.map(clampInt8), rests: used.map((w) => w - clampInt8(w)) };
  };
}
