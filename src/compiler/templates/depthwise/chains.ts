/**
 * Constants of native/kernels/depthwise_in_order.h: what a depthwise layer multiplies and adds on cores that issue in order,
 * where it can be shown that TFLite's results come of it.
 */
import { activationRange, clamp, requantizer } from '../../../model/ops/arithmetic.ts';
import { parameters } from '../../../model/ops/checks.ts';
import type { EmitContext } from '../../emission/context.ts';
import type { Fields } from '../../emission/description.ts';
import type { ConvShape, DepthwiseLayer } from '../../lower/layers.ts';
import { type Chain, chainOf, LIMIT, scalingOf } from '../epilogue/chain_scaling.ts';
import { kernelColumns, stepsOf, windowWidth } from '../in_order/depthwise.ts';
import { depthwiseFunction, functionTable } from '../in_order/depthwise_function.ts';
import { cutsOf, inRowOrder, sharedCuts } from '../index.ts';

const TAPS = 9;
const BLOCK = 8;
const clampInt8 = (w: number): number => clamp(w, -128, 127);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export interface Chains {
  readonly fields: Fields;
  /** Whether all blocks of channels have such constants. */
  readonly complete: boolean;
}

/** Members of a `depthwise` for the blocks of channels that have such constants; null where no block has. `bias`: as packed. */
export function chainsOf(layer: DepthwiseLayer, bias: ArrayLike<number>, ctx: EmitContext): Chains | null {
  const { shape: s, weights, output, activation, requantization } = layer;
  const suits = s.kernel_h === 3 && s.kernel_w === 3 && s.stride_w <= 2 && s.dilation_w === 1;
  if (requantization === null || !suits) return null;
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
    const ends = own.map((w) => [Math.min(-128 * w, 127 * w), Math.max(-128 * w, 127 * w)]);
    const sums = { min: bias[c], max: bias[c] };
    for (const [least, most] of ends) [sums.min, sums.max] = [sums.min + least, sums.max + most];
    if (sums.min < -LIMIT || sums.max >= LIMIT) return null;
    const factor = factors[factors.length === 1 ? 0 : c];
    const scaling = scalingOf((sum) => level(sum, c), { factor, bias: bias[c], sums, levels });
    const chain = scaling && chainOf(scaling, zeroPoint);
    // What is the same whatever the sum needs no sum.
    const used = chain?.multiplier === 0 ? own.map(() => 0) : own;
    return chain && { ...chain, weights: used.map(clampInt8), rests: used.map((w) => w - clampInt8(w)) };
  };
  const channels = range(s.channels).map(ofChannel);
  const blocks = range(Math.ceil(s.channels / BLOCK)).map((b) => {
    const start = Math.min(b * BLOCK, s.channels - BLOCK);
    const block = channels.slice(start, start + BLOCK);
    return block.every((chain) => chain !== null) ? block : null;
  });
  const plan = planBlocks(blocks);
  if (plan.kinds.length === 0) return null;
  const each = <T>(values: (block: PlannedBlock) => readonly T[]): T[] => plan.blocks.flatMap(values);
  const constants = {
    weights: ctx.constant(Int8Array.from(each(({ products }) => products.flat()))),
    scales: ctx.constant(Int16Array.from(each(({ chains }) => chains.map((chain) => chain.scale)))),
    factors: ctx.constant(
      Int32Array.from(
        each(({ chains }) => [...chains.map((chain) => chain.multiplier), ...chains.map((chain) => chain.offset)]),
      ),
    ),
    rows: ctx.constant(Uint8Array.from(each(({ rows }) => rows))),
    blockBytes: BLOCK * plan.blocks[0].products.length,
  };
  const complete = blocks.every((block) => block !== null);
  const flips = layer.data.dtype === 'uint8' && complete;
  const steps = { flips, stride, width: s.out_w, channels: s.channels, ...constants } as const;
  const limits = { unsigned: output.dtype === 'uint8', low: min, high: max };
  const functions = plan.kinds.map((kind) =>
    ctx.define((...names) => depthwiseFunction({ ...steps, ...limits, ...kind }, ...names)),
  );
  const kindOf = ctx.constant(Int8Array.from(plan.blocks, ({ kind }) => kind));
  return {
    complete,
    fields: { chain: ctx.define((...names) => functionTable(functions, kindOf, ...names)), chained: kindOf },
  };
}

/** Members of a `depthwise`. */
export interface Windows {
  readonly steps: number;
  readonly fours: number;
  readonly window_w: number;
  readonly edges: number;
  readonly lefts: number;
}

/** How a row falls into steps, and which of their windows reach beyond the image. */
export function windowsOf(s: ConvShape): Windows {
  const sizes = stepsOf(s.out_w).flatMap(([pixels, count]) => range(count).map(() => pixels));
  const window_w = windowWidth(s.out_w, s.stride_w);
  let pixel = 0;
  const starts = sizes.map((pixels) => {
    const start = pixel * s.stride_w - s.pad_left;
    pixel += pixels;
    return start;
  });
  const lefts = starts.filter((start) => start < 0).length;
  const rights = starts.filter((start) => start >= 0 && start + window_w > s.in_w).length;
  const fours = sizes.filter((pixels) => pixels === 4).length;
  return { steps: sizes.length, fours, window_w, edges: lefts + rights, lefts };
}

interface ChannelChain extends Chain {
  /** In the order in which they multiply, and what they lack where they are beyond int8. */
  readonly weights: readonly number[];
  readonly rests: readonly number[];
}

interface PlannedBlock {
  /** Index of its kind, -1 for none. */
  readonly kind: number;
  readonly rows: readonly number[];
  readonly chains: readonly Chain[];
  /** Weights by product and channel. */
  readonly products: readonly (readonly number[])[];
}

/** Kinds of blocks: those of a few cuts in common, and one for all that have weights beyond int8, as sums of two. */
function planBlocks(blocks: readonly (readonly ChannelChain[] | null)[]) {
  const byTap = (block: readonly ChannelChain[], part: 'weights' | 'rests') =>
    range(TAPS).map((tap) => block.map((chain) => chain[part][tap]));
  const hasRest = (block: readonly ChannelChain[], tap: number): boolean => block.some(({ rests }) => rests[tap] !== 0);
  const isTwice = (block: readonly ChannelChain[]): boolean => range(TAPS).some((tap) => hasRest(block, tap));
  const made = blocks.filter((block) => block !== null);
  const plain = made.filter((block) => !isTwice(block));
  const twice = made.filter(isTwice);
  const shared = sharedCuts(plain.map((block) => byTap(block, 'weights')));
  const beyond = range(TAPS).filter((tap) => twice.some((block) => hasRest(block, tap)));
  const taps = range(TAPS).flatMap((tap) => (beyond.includes(tap) ? [tap, tap] : [tap]));
  const twiceProducts = (block: readonly ChannelChain[]) =>
    taps.map((tap, i) => byTap(block, taps[i - 1] === tap ? 'rests' : 'weights')[tap]);
  const kinds = [
    ...shared.kinds.map((cuts) => ({ cuts, taps: range(TAPS) })),
    ...(twice.length > 0
      ? [{ cuts: cutsOf(taps.map((_, i) => twice.flatMap((block) => twiceProducts(block)[i]))), taps }]
      : []),
  ];
  const zeros = range(BLOCK).map(() => 0);
  const planned = blocks.map((block): PlannedBlock => {
    const filled = (products: readonly (readonly number[])[]) => taps.map((_, i) => products[i] ?? zeros);
    // A block without such constants takes up their place, too.
    const none = { scale: 0, multiplier: 0, offset: 0 };
    if (block === null) return { kind: -1, rows: [0, 1, 2], chains: zeros.map(() => none), products: filled([]) };
    if (isTwice(block))
      return { kind: kinds.length - 1, rows: [0, 1, 2], chains: block, products: twiceProducts(block) };
    const { kind, rows } = shared.blocks[plain.indexOf(block)];
    return { kind, rows, chains: block, products: filled(inRowOrder(byTap(block, 'weights'), rows)) };
  });
  return { kinds, blocks: planned };
}
