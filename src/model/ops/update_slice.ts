import { clamp } from '../arithmetic/rounding.ts';
import type { TensorData } from '../tensor/dtype.ts';
import { sameShape, showShape, strides } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { dataOf, defineOp, dtypeIs, firstProblems, operand, sameDtype } from './checks.ts';
import type { EvalView, OpTable } from './definition.ts';

export interface UpdateSliceFamily {
  /**
   * data with `update` written over the part that begins at `start` [rank]; a start from which the update would not fit
   * is moved until it does. TFLite DYNAMIC_UPDATE_SLICE.
   */
  dynamic_update_slice: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends UpdateSliceFamily {}
}

function evaluate(op: EvalView<'dynamic_update_slice'>): TensorData[] {
  const [data, update] = [operand(op, 0), operand(op, 1)];
  const out = (op.data[0] as Uint8Array).slice();
  const from = op.data[1] as Uint8Array;
  const start = Array.from(dataOf<ArrayLike<number | bigint>>(op, 2), (s, k) =>
    clamp(Number(s), 0, data.shape[k] - update.shape[k]),
  );
  const steps = strides(data.shape);
  const inner = update.shape.at(-1) ?? 1;
  for (let row = 0; row * inner < from.length; row++) {
    let rest = row;
    let at = start.at(-1) ?? 0;
    for (let k = update.shape.length - 2; k >= 0; k--) {
      at += (start[k] + (rest % update.shape[k])) * steps[k];
      rest = Math.floor(rest / update.shape[k]);
    }
    out.set(from.subarray(row * inner, (row + 1) * inner), at);
  }
  return [out];
}

export const updateSliceOps: OpTable<UpdateSliceFamily> = {
  dynamic_update_slice: defineOp({
    arity: { inputs: [3, 3], outputs: [1, 1] },
    check: (op) => {
      const [data, update, start] = [operand(op, 0), operand(op, 1), operand(op, 2)];
      return firstProblems(
        () => [
          sameDtype(data, 'the data', update, 'the update'),
          sameDtype(data, 'the data', op.outputs[0], 'the output'),
          dtypeIs(start, 'the start', 'int32', 'int64'),
          !sameShape(start.shape, [data.shape.length]) &&
            `the start has the shape ${showShape(start.shape)} for ${data.shape.length} dimensions`,
          update.shape.length !== data.shape.length && 'data and update have different numbers of dimensions',
        ],
        () => [
          update.shape.some((d, k) => d > data.shape[k]) &&
            `an update of ${showShape(update.shape)} does not fit into ${showShape(data.shape)}`,
        ],
      );
    },
    shapes: (op) => [operand(op, 0).shape],
    evaluate,
  }),
};
