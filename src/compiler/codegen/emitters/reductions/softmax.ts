import type { OpView } from '../../../../model/ops/definition.ts';
import type { SoftmaxFamily } from '../../../../model/ops/softmax.ts';
import { softmaxScaling16, softmaxTable, softmaxTables16 } from '../../../../model/ops/softmax.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { cFloat } from '../../../emission/c.ts';
import type { EmitContext, EmitterTable } from '../../../emission/context.ts';

const KERNELS: Readonly<Record<string, string>> = {
  'int8 int8': 'ig_softmax_s8',
  'uint8 uint8': 'ig_softmax_u8',
  'int8 int16': 'ig_softmax_s8_s16',
};

function call(op: OpView<'nn.softmax'>, ctx: EmitContext): string {
  const [out] = op.outputs;
  const depth = out.shape[out.shape.length - 1];
  const rows = depth === 0 ? 0 : elements(out.shape) / depth;
  const args = [ctx.input(0), ctx.output(0), rows, depth].join(', ');
  const types = `${op.inputs[0]!.dtype} ${out.dtype}`;
  if (out.dtype === 'float32') return `ig_softmax_f32(${args}, ${cFloat(op.attrs.beta)});`;
  if (types !== 'int16 int16') {
    const exps = softmaxTable(op);
    // Approximations of nearly equal numbers may increase in the last bits.
    const falls = exps.every((e, d) => d === 0 || e <= exps[d - 1]);
    return `${KERNELS[types]}(${args}, ${ctx.constant(exps)}, ${Number(falls)});`;
  }
  const { multiplier, shift } = softmaxScaling16(op);
  const { exp, reciprocal } = softmaxTables16();
  return `ig_softmax_s16(${args}, ${multiplier}, ${shift}, ${ctx.constant(exp)}, ${ctx.constant(reciprocal)});`;
}

export const softmaxEmitters: EmitterTable<SoftmaxFamily> = {
  'nn.softmax': (op, ctx) => ({ includes: ['int16.h', 'softmax.h'], body: call(op, ctx) }),
};
