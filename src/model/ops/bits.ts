import { type DType, fromBytes, integerRange, itemSize, type TensorData, toBytes } from '../tensor/dtype.ts';
import { broadcast, type Shape, showShape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, sameDtype } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { combine } from './shared/broadcast.ts';

/** Operators on the bits of integers. Scales and zero points mean nothing to them. */
export interface BitsFamily {
  /** The bytes of the operand as another type; elements of another size make or take a last dimension. TFLite BITCAST. */
  reinterpret: NoAttrs;
  /** Two operands that broadcast. */
  bitwise_xor: NoAttrs;
  /** data, amount, which broadcast. Arithmetic for signed types; an amount counts as 0 below 0, as width − 1 above that. */
  right_shift: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends BitsFamily {}
}
type PairKind = 'bitwise_xor' | 'right_shift';

const INTEGERS: readonly DType[] = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32'];

/** The result's shape, or why there is none. Source: CalculateShape (bitcast.cc). */
function castShape(op: OpView<'reinterpret'>): Shape | string {
  const { dtype, shape } = operand(op, 0);
  const [from, to] = [itemSize(dtype), itemSize(op.outputs[0].dtype)];
  if (from > to) return [...shape, from / to];
  if (from === to) return shape;
  return shape.at(-1) === to / from
    ? shape.slice(0, -1)
    : `${dtype}${showShape(shape)} does not end in the ${to / from} parts of a ${op.outputs[0].dtype}`;
}

/** An int4 is two to a byte in files, a handle no number. */
const HIDDEN: readonly DType[] = ['int4', 'resource'];

const reinterpret: OpDefinition<'reinterpret'> = defineOp<'reinterpret'>({
  arity: { inputs: [1, 1], outputs: [1, 1] },
  check: (op) =>
    firstProblems(
      () =>
        [operand(op, 0), op.outputs[0]].map(
          (t) => HIDDEN.includes(t.dtype) && `the bytes of ${t.dtype} are not its own`,
        ),
      () => {
        const shape = castShape(op);
        return [typeof shape === 'string' && shape];
      },
    ),
  shapes: (op) => [castShape(op) as Shape],
  evaluate: (op): TensorData[] => [fromBytes(op.outputs[0].dtype, toBytes(op.data[0]!)) as TensorData],
});

/** The largest amount of a shift. */
export const mostShifted = (dtype: DType): number => 8 * itemSize(dtype) - 1;

/** Source: bitwise_xor.cc, right_shift.cc. */
function evaluate(op: EvalView<PairKind>): TensorData[] {
  if (op.kind === 'bitwise_xor') return combine<number>(op, (x, y) => x ^ y);
  const { dtype } = op.outputs[0];
  const most = mostShifted(dtype);
  const amount = (y: number): number => Math.min(Math.max(y, 0), most);
  const signed = integerRange(dtype)[0] < 0;
  return combine<number>(op, (x, y) => (signed ? x >> amount(y) : x >>> amount(y)));
}

const pair = <K extends PairKind>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    check: (op) =>
      firstProblems(() => [
        dtypeIs(operand(op, 0), 'the input', ...INTEGERS),
        sameDtype(operand(op, 0), 'one operand', operand(op, 1), 'the other'),
        sameDtype(operand(op, 0), 'the input', op.outputs[0], 'the output'),
        broadcast(operand(op, 0).shape, operand(op, 1).shape) === null &&
          `[${operand(op, 0).shape}] and [${operand(op, 1).shape}] do not broadcast`,
      ]),
    shapes: (op) => [broadcast(operand(op, 0).shape, operand(op, 1).shape)],
    evaluate: (op) => evaluate(op as EvalView<PairKind>),
  });

export const bitsOps: OpTable<BitsFamily> = { reinterpret, bitwise_xor: pair(), right_shift: pair() };
