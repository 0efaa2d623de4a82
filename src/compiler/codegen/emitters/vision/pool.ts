import type { OpView } from '../../../../model/ops/definition.ts';
import { type PoolFamily, poolRange, poolWindow } from '../../../../model/ops/pool.ts';
import { windowExtents } from '../../../../model/ops/shared/window.ts';
import { cFloat, SUFFIX } from '../../../emission/c.ts';
import type { EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cStruct } from '../../../emission/description.ts';

/** Sums of windows up to this many 8-bit elements divide exactly in float32. */
const EXACT_IN_FLOAT = 65536;

export const poolEmitters: EmitterTable<PoolFamily> = {
  'nn.avg_pool2d': (op, ctx) => {
    const { geometry, suffix, limits, channels } = poolOf(op);
    const sums = ctx.scratch(channels * 4);
    const large = suffix.endsWith('8') && op.attrs.pool[0] * op.attrs.pool[1] > EXACT_IN_FLOAT ? '_large' : '';
    const call = `ig_avg_pool_${suffix}${large}(${ctx.input(0)}, ${ctx.output(0)}, ${sums}, &p, ${limits});`;
    return { includes: ['pool.h'], body: geometry + call };
  },
  'nn.max_pool2d': (op, ctx) => {
    const { geometry, suffix, limits } = poolOf(op);
    return { includes: ['pool.h'], body: `${geometry}${maxCall(suffix, ctx, limits)}` };
  },
  'nn.l2_pool2d': (op, ctx) => {
    const { geometry, limits, channels } = poolOf(op);
    const call = `ig_l2_pool_f32(${ctx.input(0)}, ${ctx.output(0)}, ${ctx.scratch(channels * 4)}, &p, ${limits});`;
    return { includes: ['pool.h'], body: geometry + call };
  },
};

const maxCall = (suffix: string, ctx: EmitContext, limits: string): string =>
  `ig_max_pool_${suffix}(${ctx.input(0)}, ${ctx.output(0)}, &p, ${limits});`;

function poolOf(op: OpView<keyof PoolFamily>) {
  const { kernel, strides } = poolWindow(op);
  const data = op.inputs[0]!;
  const [height, width] = windowExtents(data, poolWindow(op));
  const [batches, in_h, in_w, channels] = data.shape;
  const geometry = cStruct(
    'ig_pool',
    'p',
    { batches, in_h, in_w, channels, out_h: height.out, out_w: width.out },
    { kernel_h: kernel[0], kernel_w: kernel[1], stride_h: strides[0], stride_w: strides[1] },
    { pad_top: height.before, pad_left: width.before },
  );
  const { dtype } = op.outputs[0];
  const { min, max } = poolRange(op);
  const show = dtype === 'float32' ? cFloat : String;
  return { geometry, channels, suffix: SUFFIX[dtype], limits: `${show(min)}, ${show(max)}` };
}
