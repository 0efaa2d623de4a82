import { operand } from '../../../../model/ops/checks.ts';
import type { UpdateSliceFamily } from '../../../../model/ops/update_slice.ts';
import { itemSize } from '../../../../model/tensor/dtype.ts';
import { elements, strides } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { EmitterTable } from '../../../emission/context.ts';
import { copyLoops } from '../loops/copies.ts';

export const updateSliceEmitters: EmitterTable<UpdateSliceFamily> = {
  dynamic_update_slice(op, ctx) {
    const [data, update] = [operand(op, 0), operand(op, 1)];
    const type = C_TYPES[data.dtype];
    const bytes = elements(data.shape) * itemSize(data.dtype);
    if (bytes === 0) return { includes: [], body: '' };
    const steps = strides(data.shape);
    const moves = update.shape.map((n, k) => {
      const start = `ig_start((int64_t)${ctx.input(2)}[${k}], ${data.shape[k] - n})`;
      return `to += ${start} * ${steps[k]};\n`;
    });
    const copy = {
      from: 0,
      to: 0,
      extents: update.shape,
      srcOffset: 0,
      srcStrides: strides(update.shape),
      dstOffset: 0,
      dstStrides: steps,
    };
    const loops = copyLoops(
      [copy],
      type,
      () => ctx.input(1),
      () => 'to',
    );
    return {
      includes: ['update_slice.h'],
      body: `memcpy(${ctx.output(0)}, ${ctx.input(0)}, ${bytes});\n${type} *to = ${ctx.output(0)};\n${moves.join('')}${loops}`,
    };
  },
};
