import type { SoftmaxFamily } from '../../../model/ops/softmax.ts';
import { softmaxTable } from '../../../model/ops/softmax.ts';
import { elements } from '../../../model/tensor/shape.ts';
import { cFloat } from '../c.ts';
import type { EmitterTable } from '../emitter.ts';

const KERNELS: Readonly<Record<string, string>> = {
  'int8 int8': 'ig_softmax_s8',
  'uint8 uint8': 'ig_softmax_u8',
  'int8 int16': 'ig_softmax_s8_s16',
};

export const softmaxEmitters: EmitterTable<SoftmaxFamily> = {
  'nn.softmax': (op, ctx) => {
    const [out] = op.outputs;
    const depth = out.shape[out.shape.length - 1];
    const rows = depth === 0 ? 0 : elements(out.shape) / depth;
    const args = `${ctx.input(0)}, ${ctx.output(0)}, ${rows}, ${depth}`;
    const call =
      out.dtype === 'float32'
        ? `ig_softmax_f32(${args}, ${cFloat(op.attrs.beta)});`
        : `${KERNELS[`${op.inputs[0]!.dtype} ${out.dtype}`]}(${args}, ${ctx.constant(softmaxTable(op))});`;
    return { includes: ['softmax.h'], body: call };
  },
};
