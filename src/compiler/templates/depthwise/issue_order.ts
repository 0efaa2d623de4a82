/** Functions of blocks of channels for in-order cores (native/kernels/depthwise_in_order.h). */
import { activationRange } from '../../../model/arithmetic/activation.ts';
import { parameters } from '../../../model/ops/checks.ts';
import type { EmitContext } from '../../emission/context.ts';
import type { Fields } from '../../emission/description.ts';
import type { DepthwiseLayer } from '../../lower/layers.ts';
import type { TwoStep } from '../epilogue/proofs/two_step.ts';
import type { Steps } from '../in_order/depthwise.ts';
import { depthwiseFunction, functionTable } from '../in_order/depthwise_function.ts';
import { cutsOf } from './pack.ts';
import { inRowOrder, sharedCuts } from './shared_cuts.ts';
import { BLOCK, TAPS } from './two_step_blocks.ts';
import type { OrderedChannel, TwoStepBlocks } from './workload.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Members of a `depthwise`: the function of a block, and the kind of each block. */
export function issueOrderFields(layer: DepthwiseLayer, twoStep: TwoStepBlocks, ctx: EmitContext): Fields {
  const { shape: s, output } = layer;
  const plan = planBlocks(twoStep);
  const { scale, zeroPoint } = parameters(output);
  const { min: low, max: high } = activationRange(layer.activation, scale, zeroPoint, output.dtype);
  const stride: Steps['stride'] = s.stride_w === 1 ? 1 : 2;
  const common = {
    ...{ stride, width: s.out_w, channels: s.channels, ...blockConstants(plan, ctx) },
    ...{ unsigned: output.dtype === 'uint8', low, high },
    flips: layer.data.dtype === 'uint8' && twoStep.complete,
  };
  const functions = plan.kinds.map((kind) =>
    ctx.define((...names) => depthwiseFunction({ ...common, ...kind }, ...names)),
  );
  const kindOf = ctx.constant(Int8Array.from(plan.blocks, ({ kind }) => kind));
  return { block_function: ctx.define((...names) => functionTable(functions, kindOf, ...names)), block_kinds: kindOf };
}

/** C expressions of the constants of all blocks. */
function blockConstants({ blocks }: BlockPlan, ctx: EmitContext) {
  const each = <T>(values: (block: PlannedBlock) => readonly T[]): T[] => blocks.flatMap(values);
  return {
    weights: ctx.constant(Int8Array.from(each(({ products }) => products.flat()))),
    scales: ctx.constant(Int16Array.from(each(({ channels }) => channels.map((channel) => channel.scale)))),
    factors: ctx.constant(
      Int32Array.from(
        each(({ channels }) => [
          ...channels.map(({ multiplier }) => multiplier),
          ...channels.map(({ offset }) => offset),
        ]),
      ),
    ),
    rows: ctx.constant(Uint8Array.from(each(({ rows }) => rows))),
    blockBytes: BLOCK * blocks[0].products.length,
  };
}

interface PlannedBlock {
  /** Index of its kind; -1: no function. */
  readonly kind: number;
  readonly rows: readonly number[];
  readonly channels: readonly TwoStep[];
  /** Weights [product][channel]. */
  readonly products: readonly (readonly number[])[];
}

interface BlockPlan {
  readonly kinds: readonly Pick<Steps, 'cuts' | 'taps'>[];
  readonly blocks: readonly PlannedBlock[];
}

type Block = readonly OrderedChannel[];
const byTap = (block: Block, part: 'weights' | 'rests') => range(TAPS).map((tap) => block.map((c) => c[part][tap]));
const hasRest = (block: Block, tap: number): boolean => block.some(({ rests }) => rests[tap] !== 0);
const isTwice = (block: Block): boolean => range(TAPS).some((tap) => hasRest(block, tap));
const ZEROS = range(BLOCK).map(() => 0);

/** Kinds of blocks: a few with shared cuts, and one for blocks with weights beyond int8, split into two. */
function planBlocks({ blocks }: TwoStepBlocks): BlockPlan {
  const made = blocks.filter((block) => block !== null);
  const int8 = made.filter((block) => !isTwice(block));
  const twice = made.filter(isTwice);
  const shared = sharedCuts(int8.map((block) => byTap(block, 'weights')));
  const beyond = range(TAPS).filter((tap) => twice.some((block) => hasRest(block, tap)));
  const taps = range(TAPS).flatMap((tap) => (beyond.includes(tap) ? [tap, tap] : [tap]));
  const twiceProducts = (block: Block) =>
    taps.map((tap, i) => byTap(block, taps[i - 1] === tap ? 'rests' : 'weights')[tap]);
  const kinds = shared.kinds.map((cuts) => ({ cuts, taps: range(TAPS) }));
  if (twice.length > 0)
    kinds.push({ cuts: cutsOf(taps.map((_, i) => twice.flatMap((block) => twiceProducts(block)[i]))), taps });
  const filled = (products: readonly (readonly number[])[]) => taps.map((_, i) => products[i] ?? ZEROS);
  const planned = blocks.map((block): PlannedBlock => {
    // A block without constants still has a place in the tables.
    const none = { scale: 0, multiplier: 0, offset: 0 };
    if (block === null) return { kind: -1, rows: [0, 1, 2], channels: ZEROS.map(() => none), products: filled([]) };
    if (isTwice(block))
      return { kind: kinds.length - 1, rows: [0, 1, 2], channels: block, products: twiceProducts(block) };
    const { kind, rows } = shared.blocks[int8.indexOf(block)];
    return { kind, rows, channels: block, products: filled(inRowOrder(byTap(block, 'weights'), rows)) };
  });
  return { kinds, blocks: planned };
}
