import {
  doublingHighMul,
  type Multiplier,
  quantizeMultiplier,
  roundingDivideByAnyPOT,
} from '../arithmetic/multiplier.ts';
import type { DType, TensorData } from '../tensor/dtype.ts';
import { broadcast } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, parameters, perTensorQuantized, sameDtype } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { combine } from './shared/broadcast.ts';

/** Comparisons and logic: two operands that broadcast, a bool result. */
export interface CompareFamily {
  equal: NoAttrs;
  not_equal: NoAttrs;
  less: NoAttrs;
  less_equal: NoAttrs;
  greater: NoAttrs;
  greater_equal: NoAttrs;
  logical_and: NoAttrs;
  logical_or: NoAttrs;
}
export type CompareKind = keyof CompareFamily;
declare module './attrs.ts' {
  interface OpAttrs extends CompareFamily {}
}

const NUMBERS: readonly DType[] = ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'];
const TYPES: Readonly<Record<CompareKind, readonly DType[]>> = {
  equal: [...NUMBERS, 'bool'],
  not_equal: [...NUMBERS, 'bool'],
  less: NUMBERS,
  less_equal: NUMBERS,
  greater: NUMBERS,
  greater_equal: NUMBERS,
  logical_and: ['bool'],
  logical_or: ['bool'],
};

const HOLDS: Readonly<Record<CompareKind, (x: number | bigint, y: number | bigint) => boolean>> = {
  equal: (x, y) => x === y,
  not_equal: (x, y) => x !== y,
  less: (x, y) => x < y,
  less_equal: (x, y) => x <= y,
  greater: (x, y) => x > y,
  greater_equal: (x, y) => x >= y,
  logical_and: (x, y) => x !== 0 && y !== 0,
  logical_or: (x, y) => x !== 0 || y !== 0,
};

/** 8-bit operands are compared by their real values, unless neither has a scale. */
export const comparesReals = (a: Tensor, b: Tensor): boolean =>
  (a.dtype === 'int8' || a.dtype === 'uint8') && (a.quantization !== null || b.quantization !== null);

/** (code − zero point) · 2^8 · scale, rounded. Source: ComparisonQuantized (comparisons.cc). */
export function comparedValue(t: Tensor): { readonly zeroPoint: number; readonly multiplier: Multiplier } {
  const { scale, zeroPoint } = parameters(t);
  return { zeroPoint, multiplier: quantizeMultiplier(scale) };
}

function evaluate(op: EvalView<CompareKind>): TensorData[] {
  const [a, b] = [operand(op, 0), operand(op, 1)];
  const holds = HOLDS[op.kind];
  if (!comparesReals(a, b)) return combine<number>(op, (x, y) => (holds(x, y) ? 1 : 0));
  const [va, vb] = [a, b].map((t) => {
    const { zeroPoint, multiplier } = comparedValue(t);
    return (q: number) =>
      roundingDivideByAnyPOT(doublingHighMul((q - zeroPoint) << 8, multiplier.multiplier), -multiplier.shift);
  });
  return combine<number>(op, (x, y) => (holds(va(x), vb(y)) ? 1 : 0));
}

function check(op: OpView<CompareKind>): string[] {
  const [a, b] = [operand(op, 0), operand(op, 1)];
  return firstProblems(
    () => [
      dtypeIs(a, 'the input', ...TYPES[op.kind]),
      sameDtype(a, 'one operand', b, 'the other'),
      dtypeIs(op.outputs[0], 'the output', 'bool'),
      broadcast(a.shape, b.shape) === null && `[${a.shape}] and [${b.shape}] do not broadcast`,
    ],
    () => (comparesReals(a, b) ? [perTensorQuantized(a, 'input 0'), perTensorQuantized(b, 'input 1')] : []),
  );
}

const comparison = <K extends CompareKind>(operandNames?: readonly string[]): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    operandNames,
    check: (op) => check(op as OpView<CompareKind>),
    shapes: (op) => [broadcast(operand(op, 0).shape, operand(op, 1).shape)],
    evaluate: (op) => evaluate(op as EvalView<CompareKind>),
  });

const SIDES = ['lhs', 'rhs'] as const;

export const compareOps: OpTable<CompareFamily> = {
  equal: comparison(SIDES),
  not_equal: comparison(SIDES),
  less: comparison(SIDES),
  less_equal: comparison(SIDES),
  greater: comparison(SIDES),
  greater_equal: comparison(SIDES),
  logical_and: comparison(),
  logical_or: comparison(),
};
