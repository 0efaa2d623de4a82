import { dequantizesRows, type EmbeddingFamily, rowLength, startsEarly } from '../../../../model/ops/embedding.ts';
import { itemSize } from '../../../../model/tensor/dtype.ts';
import type { EmitterTable } from '../../../emission/context.ts';
import { fallible } from './indexing.ts';

export const embeddingEmitters: EmitterTable<EmbeddingFamily> = {
  embedding_lookup: (op, ctx) => {
    const [indices, table] = [op.inputs[0]!, op.inputs[1]!];
    const [count, rows, n] = [indices.shape[0], table.shape[0], rowLength(op)];
    const pointers = [ctx.input(1), ctx.input(0), ctx.output(0)];
    if (!dequantizesRows(op)) {
      const args = [...pointers, 1, 1, rows, count, n * itemSize(table.dtype)];
      return fallible('', 'take', indices, ...args);
    }
    const { scales } = table.quantization!;
    const scale = ctx.constant(Float32Array.from(scales));
    const body = `for (size_t i = 0; i < ${count}; i++) {
  const int32_t row = ${ctx.input(0)}[i];
  if (row < 0 || row >= ${rows}) return INT8_GATE_INDEX_OUT_OF_RANGE;
  const int8_t *from = (const int8_t *)${ctx.input(1)} + (size_t)row * ${n}${startsEarly(op) ? ' - row % 2' : ''};
  const float scale = ${scale}[${scales.length === 1 ? '0' : 'row'}];
  for (size_t k = 0; k < ${n}; k++) ${ctx.output(0)}[i * ${n} + k] = (float)from[k] * scale;
}
`;
    return { includes: ['indexing.h'], body, fallible: true };
  },
};
