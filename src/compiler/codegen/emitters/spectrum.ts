import type { OpView } from '../../../model/ops/definition.ts';
import { type PartKind, type SpectrumFamily, transformOf, turns } from '../../../model/ops/spectrum.ts';
import { elements } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../../emission/context.ts';
import { known } from './known.ts';

/** Complex elements are two floats to the kernels. */
function part(op: OpView<PartKind>, ctx: EmitContext): Emission {
  const args = [`(const float *)${ctx.input(0)}`, ctx.output(0), elements(op.outputs[0].shape)];
  return { includes: ['spectrum.h'], body: `ig_${op.kind}(${args.join(', ')});\n` };
}

export const spectrumEmitters: EmitterTable<SpectrumFamily> = {
  'signal.rfft2d': (op, ctx) => {
    const { images, inHeight, inWidth, height, width } = known(transformOf(op), op);
    const table = ctx.constant(turns(Math.max(height, width)));
    const columns = (width >> 1) + 1;
    const scratch = [ctx.scratch(16 * width), ctx.scratch(16 * height * columns)];
    const pointers = [ctx.input(0), `(float *)${ctx.output(0)}`, table, ...scratch];
    const args = [...pointers, images, inHeight, inWidth, height, width];
    return { includes: ['spectrum.h'], body: `ig_rfft2d(${args.join(', ')});\n` };
  },
  real: part,
  imag: part,
  complex_abs: part,
};
