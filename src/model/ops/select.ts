import { allocate, type TensorData } from '../tensor/dtype.ts';
import { broadcast, elements, sameShape, showShape, strides } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, sameDtype } from './checks.ts';
import type { OpDefinition, OpTable, OpView } from './definition.ts';
import { broadcastIndices } from './shared/broadcast.ts';

/** Operators that a condition decides. */
export interface SelectFamily {
  /** condition, x, y of one shape. A condition of one dimension chooses rows, a scalar everything. TFLite SELECT. */
  select: NoAttrs;
  /** condition, x, y that broadcast. TFLite SELECT_V2. */
  where: NoAttrs;
  /** The positions of what is not zero, a row each, in order. TFLite WHERE. */
  argwhere: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends SelectFamily {}
}

/** The shape of the condition for broadcasting, and of the result; words when they do not go together. */
export function choice(op: OpView<'select' | 'where'>): { condition: number[]; out: number[] } | string {
  const [condition, x, y] = op.inputs.map((t) => [...t!.shape]);
  if (op.kind === 'select') {
    if (!sameShape(x, y)) return `x ${showShape(x)} and y ${showShape(y)} differ in shape`;
    if (condition.length === 0 || sameShape(condition, x)) return { condition, out: x };
    if (condition.length === 1 && condition[0] === x[0])
      return { condition: [...condition, ...x.slice(1).map(() => 1)], out: x };
    return `a condition ${showShape(condition)} does not choose among ${showShape(x)}`;
  }
  const branches = broadcast(x, y);
  const out = branches && broadcast(condition, branches);
  return out ? { condition, out } : `${[condition, x, y].map(showShape).join(', ')} do not broadcast`;
}

const choosing = <K extends 'select' | 'where'>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [3, 3], outputs: [1, 1] },
    check: (op) =>
      firstProblems(() => {
        const shapes = choice(op);
        return [
          dtypeIs(operand(op, 0), 'the condition', 'bool'),
          ...[1, 2].map((i) => sameDtype(operand(op, i), `input ${i}`, op.outputs[0], 'the output')),
          typeof shapes === 'string' && shapes,
        ];
      }),
    shapes: (op) => [(choice(op) as { out: number[] }).out],
    evaluate(op) {
      const { condition, out: shape } = choice(op) as { condition: number[]; out: number[] };
      const [test, x, y] = op.data.map((d) => d!);
      const out = allocate(op.outputs[0].dtype, elements(shape));
      const [c, i, j] = [condition, operand(op, 1).shape, operand(op, 2).shape].map((s) => broadcastIndices(s, shape));
      for (let k = 0; k < out.length; k++) out[k] = test[c?.[k] ?? k] ? x[i?.[k] ?? k] : y[j?.[k] ?? k];
      return [out];
    },
  });

/** A NaN is not zero. */
const isTrue = (x: number | bigint): boolean => x !== 0 && x !== 0n;
const countTrue = (data: TensorData): number => {
  let n = 0;
  for (const x of data) if (isTrue(x)) n++;
  return n;
};

const argwhere: OpDefinition<'argwhere'> = defineOp<'argwhere'>({
  arity: { inputs: [1, 1], outputs: [1, 1] },
  check: (op) =>
    firstProblems(() => [
      dtypeIs(operand(op, 0), 'the input', 'bool', 'float32', 'int8', 'uint8', 'int32', 'uint32', 'int64'),
      dtypeIs(op.outputs[0], 'the output', 'int64'),
    ]),
  shapes(op) {
    const { data, shape } = operand(op, 0);
    return [data === null ? null : [countTrue(data), shape.length]];
  },
  bounds(op) {
    const { shape } = operand(op, 0);
    return [[elements(shape), shape.length]];
  },
  evaluate(op) {
    const { shape } = operand(op, 0);
    const step = strides(shape);
    const rows: bigint[] = [];
    const data = op.data[0]!;
    for (let i = 0; i < data.length; i++)
      if (isTrue(data[i])) for (const [d, s] of step.entries()) rows.push(BigInt(Math.floor(i / s) % shape[d]));
    return [BigInt64Array.from(rows)];
  },
});

export const selectOps: OpTable<SelectFamily> = { select: choosing(), where: choosing(), argwhere };
