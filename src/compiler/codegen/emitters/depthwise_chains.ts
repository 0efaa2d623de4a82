/**
 * Constants of native/kernels/depthwise_in_order.h: what a depthwise layer multiplies and adds on cores that issue in order,
 * where it can be shown that TFLite's results come of it.
 */
import {
  activationRange,
  clamp,
  quantizeMultiplier,
  type Range,
  requantizer,
} from '../../../model/ops/arithmetic.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { cutsOf } from '../../schedules/index.ts';
import type { EmitContext } from '../emitter.ts';
import type { DepthwiseLayer } from './depthwise.ts';
import { chainFunction, kernelColumns } from './depthwise_steps.ts';
import type { Fields } from './epilogue.ts';
import { stepTo } from './staircase.ts';

/** One channel: its sums go up by `multiplier` and `offset` to 16 fractional bits. `scale` is at least 1. */
export interface Chain {
  readonly scale: number;
  readonly multiplier: number;
  readonly offset: number;
}

/** How a channel's sums become levels in TFLite: the zero point is in neither `level` nor `levels`. */
export interface Scaling {
  /** Must not fall. */
  readonly level: (sum: number) => number;
  readonly factor: number;
  /** What the sums have beyond the products. */
  readonly bias: number;
  readonly sums: Range;
  readonly levels: Range;
}

const FRACTION = 65536;
const LIMIT = 2 ** 31;
const MOST_SCALE = 32767;
/** Beside the multiplier nearest to the factor: by such that the last level moves by parts of a few 2^-16. */
const NUDGES = [0, ...Array.from({ length: 64 }, (_, i) => [16 * (i + 1), -16 * (i + 1)]).flat()];

/** The constants with which a channel's levels are TFLite's for all its sums; null where none are found. */
export function chainOf({ level, factor, bias, sums, levels }: Scaling, zeroPoint: number): Chain | null {
  const first = clamp(level(sums.min), levels.min, levels.max);
  const last = clamp(level(sums.max), levels.min, levels.max);
  if (first === last) return { scale: 1, multiplier: 0, offset: (first + zeroPoint) * FRACTION };
  const scale = Math.min(MOST_SCALE, 2 ** Math.max(0, 16 + quantizeMultiplier(factor).shift));
  const multiplier = Math.round((factor * FRACTION * LIMIT) / scale);
  if (multiplier >= LIMIT || scale * Math.max(bias - sums.min, sums.max - bias) >= LIMIT) return null;
  const steps = Array.from({ length: last - first }, (_, i) => stepTo(first + 1 + i, level, factor));
  for (const nudge of NUDGES) {
    const m = clamp(multiplier + nudge, 1, LIMIT - 1);
    const high = (sum: number): number => scaled(scale * (sum - bias), m);
    const offset = offsetOf(steps, first, last, high, sums, levels);
    if (offset === null) continue;
    const moved = offset + zeroPoint * FRACTION;
    const ends = [high(sums.min) + moved, high(sums.max) + moved, moved];
    if (ends.every((end) => Math.abs(end) < LIMIT)) return { scale, multiplier: m, offset: moved };
  }
  return null;
}

/** SQDMULH: the upper half of 2ab; b is positive. */
const scaled = (a: number, b: number): number =>
  Math.floor((a * (b >> 16) + Math.floor((a * (b & 0xffff)) / 65536)) / 32768);

/** The least number that takes each step's sum to its level, but not the sum before; null if there is none. */
function offsetOf(
  steps: readonly number[],
  first: number,
  last: number,
  high: (sum: number) => number,
  sums: Range,
  levels: Range,
): number | null {
  let least = first > levels.min ? first * FRACTION - high(sums.min) : -LIMIT;
  let most = last < levels.max ? (last + 1) * FRACTION - 1 - high(sums.max) : LIMIT;
  steps.forEach((sum, i) => {
    const edge = (first + 1 + i) * FRACTION;
    least = Math.max(least, edge - high(sum));
    most = Math.min(most, edge - 1 - high(sum - 1));
  });
  return least <= most ? least : null;
}

const TAPS = 9;
const BLOCK = 8;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Members of a `depthwise` for the blocks of channels that have such constants; none where no block has. `bias`: as packed. */
export function chainFields(layer: DepthwiseLayer, bias: ArrayLike<number>, ctx: EmitContext): Fields {
  const { shape: s, weights, output, activation, requantization } = layer;
  const suits = s.kernel_h === 3 && s.kernel_w === 3 && s.stride_w <= 2 && s.dilation_w === 1;
  if (requantization === null || !suits) return {};
  const { scale, zeroPoint } = parameters(output);
  const { min, max } = activationRange(activation, scale, zeroPoint, output.dtype);
  const levels = { min: min - zeroPoint, max: max - zeroPoint };
  const { factors } = requantization;
  const level = requantizer(ctx.profile, factors);
  const stride = s.stride_w === 1 ? 1 : 2;
  const columns = kernelColumns(stride);
  const products = range(TAPS).map((i) => 3 * Math.floor(i / 3) + columns[i % 3]);
  const ofChannel = (c: number): ChannelChain | null => {
    const own = products.map((tap) => weights.data[tap * s.channels + c] - weights.zeroPoint);
    if (own.some((w) => w < -128 || w > 127)) return null;
    const ends = own.map((w) => [Math.min(-128 * w, 127 * w), Math.max(-128 * w, 127 * w)]);
    const sums = { min: bias[c], max: bias[c] };
    for (const [least, most] of ends) [sums.min, sums.max] = [sums.min + least, sums.max + most];
    if (sums.min < -LIMIT || sums.max >= LIMIT) return null;
    const factor = factors[factors.length === 1 ? 0 : c];
    const chain = chainOf({ level: (sum) => level(sum, c), factor, bias: bias[c], sums, levels }, zeroPoint);
    // What is the same whatever the sum needs no sum.
    return chain && { ...chain, weights: chain.multiplier === 0 ? own.map(() => 0) : own };
  };
  const channels = range(s.channels).map(ofChannel);
  const blocks = range(Math.ceil(s.channels / BLOCK)).map((b) => {
    const start = Math.min(b * BLOCK, s.channels - BLOCK);
    const block = channels.slice(start, start + BLOCK);
    return block.every((chain) => chain !== null) ? block : null;
  });
  const found = blocks.flatMap((block) => block ?? []);
  if (found.length === 0) return {};
  const none = { scale: 0, multiplier: 0, offset: 0, weights: products.map(() => 0) };
  const filled = blocks.map((block) => block ?? range(BLOCK).map(() => none));
  const cuts = cutsOf(range(TAPS).map((i) => found.map((chain) => chain.weights[i])));
  const constants = {
    weights: ctx.constant(
      Int8Array.from(filled.flatMap((block) => range(TAPS).flatMap((i) => block.map((chain) => chain.weights[i])))),
    ),
    scales: ctx.constant(Int16Array.from(filled.flat(), (chain) => chain.scale)),
    factors: ctx.constant(
      Int32Array.from(filled.flatMap((b) => [...b.map((chain) => chain.multiplier), ...b.map((chain) => chain.offset)])),
    ),
  };
  const steps = { stride, width: s.out_w, cuts, channels: s.channels, ...constants } as const;
  const limits = { unsigned: output.dtype === 'uint8', low: min, high: max };
  return {
    chain: ctx.define((...names) => chainFunction({ ...steps, ...limits }, ...names)),
    chained: ctx.constant(Uint8Array.from(blocks, (block) => Number(block !== null))),
  };
}

interface ChannelChain extends Chain {
  /** In the order in which they multiply. */
  readonly weights: readonly number[];
}
