import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, type Problem, rankIs, weightsQuantized } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { outside } from './shared/indices.ts';

export interface EmbeddingFamily {
  /**
   * indices [n], table [rows, …]: the row of each index. A table of integers may give floats: with zero point 0, one
   * scale for all or one a row. TFLite EMBEDDING_LOOKUP.
   */
  embedding_lookup: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends EmbeddingFamily {}
}
type Kind = 'embedding_lookup';

/** Whether the rows are dequantized on the way. */
export const dequantizesRows = (op: OpView<Kind>): boolean =>
  op.outputs[0].dtype === 'float32' && operand(op, 1).dtype !== 'float32';

/** Elements of a row. */
export const rowLength = (op: OpView<Kind>): number => elements(operand(op, 1).shape.slice(1));

/** Of int4 rows of odd length TFLite begins every other one at a whole byte, hence an element early. */
export const startsEarly = (op: OpView<Kind>): boolean => operand(op, 1).dtype === 'int4' && rowLength(op) % 2 === 1;

function typesFit(op: OpView<Kind>): Problem[] {
  const [table, output] = [operand(op, 1), op.outputs[0]];
  if (!dequantizesRows(op)) return [dtypeIs(output, 'the output', table.dtype === 'int4' ? 'float32' : table.dtype)];
  const unsound = dtypeIs(table, 'the table', 'int8', 'uint8', 'int4') || weightsQuantized(table, 'the table', 0);
  return unsound
    ? [unsound]
    : [table.quantization!.zeroPoints.some((z) => z !== 0) && 'the table has a zero point other than 0'];
}

/** What is dequantized is read as signed bytes, also uint8. Source: EvalSimple and EvalHybrid (embedding_lookup.cc). */
function evaluate(op: EvalView<Kind>): TensorData[] {
  const n = rowLength(op);
  const indices = op.data[0] as Int32Array;
  const scales = dequantizesRows(op) ? operand(op, 1).quantization!.scales : null;
  const rows = scales === null ? (op.data[1] as Int8Array) : Int8Array.from(op.data[1] as Int8Array);
  const out = allocate(op.outputs[0].dtype, indices.length * n) as Float32Array;
  indices.forEach((row, i) => {
    const from = row * n - (startsEarly(op) && row % 2 === 1 ? 1 : 0);
    for (let k = 0; k < n; k++) out[i * n + k] = rows[from + k];
    const scale = scales?.[scales.length === 1 ? 0 : row];
    if (scale !== undefined) for (let k = i * n; k < (i + 1) * n; k++) out[k] *= scale;
  });
  return [out];
}

export const embeddingOps: OpTable<EmbeddingFamily> = {
  embedding_lookup: defineOp({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    check: (op) => {
      const [indices, table] = [operand(op, 0), operand(op, 1)];
      return firstProblems(
        () => [
          dtypeIs(indices, 'the indices', 'int32'),
          rankIs(indices, 'the indices', 1),
          table.shape.length < 2 && `the table has ${table.shape.length} dimensions, at least 2 are needed`,
          ...typesFit(op),
        ],
        () => [outside(indices.data, () => table.shape[0])],
      );
    },
    shapes: (op) => [[operand(op, 0).shape[0], ...operand(op, 1).shape.slice(1)]],
    evaluate,
  }),
};
