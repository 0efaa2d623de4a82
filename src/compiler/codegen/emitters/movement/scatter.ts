import { type ScatterFamily, scatterLoops } from '../../../../model/ops/scatter.ts';
import { itemSize } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';
import { tupleTables } from './indexing.ts';

export const scatterEmitters: EmitterTable<ScatterFamily> = {
  scatter_nd: (op, ctx) => {
    const loops = known(scatterLoops(op), op);
    const { dtype, shape } = op.outputs[0];
    const { setup } = tupleTables(loops, 1);
    // Integers wrap: they are added as unsigned.
    const sum = /^int(32|64)$/.test(dtype) ? `(u${C_TYPES[dtype]})` : '';
    const body = `${setup}memset(${ctx.output(0)}, 0, ${elements(shape) * itemSize(dtype)});
for (size_t i = 0; i < ${loops.count}; i++) {
  const int64_t at = ig_offset_s32(${ctx.input(0)} + i * ${loops.depth}, ${loops.depth}, extents, steps);
  if (at < 0) return INT8_GATE_INDEX_OUT_OF_RANGE;
  ${C_TYPES[dtype]} *to = ${ctx.output(0)} + at;
  for (size_t k = 0; k < ${loops.inner}; k++)
    to[k] = (${C_TYPES[dtype]})(${sum}to[k] + ${sum}(${ctx.input(1)})[i * ${loops.inner} + k]);
}
`;
    return { includes: ['indexing.h'], body, fallible: true };
  },
};
