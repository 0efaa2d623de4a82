import { type BitsFamily, mostShifted } from '../../../../model/ops/bits.ts';
import { integerRange, itemSize } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { EmitterTable } from '../../../emission/context.ts';
import { emitPairs } from '../loops/broadcast.ts';

export const bitsEmitters: EmitterTable<BitsFamily> = {
  reinterpret: (op, ctx) => {
    const [out] = op.outputs;
    const bytes = elements(out.shape) * itemSize(out.dtype);
    return { includes: [], body: bytes === 0 ? '' : `memcpy(${ctx.output(0)}, ${ctx.input(0)}, ${bytes});\n` };
  },
  bitwise_xor: (op, ctx) => ({
    includes: [],
    body: emitPairs(op, ctx, `(${C_TYPES[op.outputs[0].dtype]})(x ^ y)`),
  }),
  right_shift: (op, ctx) => {
    const { dtype } = op.outputs[0];
    const most = mostShifted(dtype);
    const least = integerRange(dtype)[0] < 0 ? 'y < 0 ? 0 : ' : '';
    return { includes: [], body: emitPairs(op, ctx, `(${C_TYPES[dtype]})(x >> (${least}y > ${most} ? ${most} : y))`) };
  },
};
