import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { logSoftmaxParameters, type NormalizeFamily } from '../../../../model/ops/normalize.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { cFloat, SUFFIX } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';

/** A call of the kernel `name` on rows of the last dimension. */
function call(
  name: string,
  op: OpView<keyof NormalizeFamily>,
  ctx: EmitContext,
  more: readonly (string | number)[],
): Emission {
  const { shape, dtype } = op.outputs[0];
  const depth = shape[shape.length - 1];
  const rows = depth === 0 ? 0 : elements(shape) / depth;
  const args = [ctx.input(0), ctx.output(0), rows, depth, ...more];
  return { includes: ['normalize.h'], body: `${name}_${SUFFIX[dtype]}(${args.join(', ')});` };
}

function logSoftmax(op: OpView<'nn.log_softmax'>, ctx: EmitContext): Emission {
  if (op.outputs[0].dtype === 'float32') return call('ig_log_softmax', op, ctx, []);
  const { table, input, diffMin, back } = logSoftmaxParameters(op);
  const numbers = [input.multiplier, input.shift, diffMin, back.multiplier, back.shift];
  return call('ig_log_softmax', op, ctx, [ctx.constant(table), ...numbers]);
}

const l2Normalize = (op: OpView<'nn.l2_normalize'>, ctx: EmitContext): Emission =>
  call('ig_l2_normalize', op, ctx, op.outputs[0].dtype === 'float32' ? [] : [parameters(operand(op, 0)).zeroPoint]);

function lrn(op: OpView<'nn.lrn'>, ctx: EmitContext): Emission {
  const { radius, bias, alpha, beta } = op.attrs;
  return call('ig_lrn', op, ctx, [radius, cFloat(bias), cFloat(alpha), cFloat(beta)]);
}

export const normalizeEmitters: EmitterTable<NormalizeFamily> = {
  'nn.log_softmax': logSoftmax,
  'nn.l2_normalize': l2Normalize,
  'nn.lrn': lrn,
};
