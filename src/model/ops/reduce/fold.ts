import {
  type Multiplier,
  multiplyByMultiplier,
  multiplyByMultiplier64,
  quantizeMultiplier,
} from '../../arithmetic/multiplier.ts';
import { clamp, roundAway } from '../../arithmetic/rounding.ts';
import { allocate, type DType, integerRange, isQuantizable, type TensorData } from '../../tensor/dtype.ts';
import { elements } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  type Problem,
  parameters,
  perTensorQuantized,
  sameDtype,
  sameParameters,
} from '../checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from '../definition.ts';
import { axesProblems, type ReduceFamily, reducedCount, reducedMask, reducedShape, reduceTargets } from './axes.ts';

/** Reductions that fold one element after another into the result. */
export type FoldFamily = Omit<ReduceFamily, 'mean'>;
export type FoldKind = keyof FoldFamily;

const NUMBERS: readonly DType[] = ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'];
const ALLOWED: { readonly [K in FoldKind]: readonly DType[] } = {
  sum: NUMBERS,
  prod: NUMBERS,
  max: [...NUMBERS, 'bool'],
  min: [...NUMBERS, 'bool'],
  any: ['bool'],
  all: ['bool'],
};

const LOWEST = -3.4028234663852886e38;
const limits = (dtype: DType): readonly [number | bigint, number | bigint] => {
  if (dtype === 'float32') return [LOWEST, -LOWEST];
  return dtype === 'int64' ? [-(2n ** 63n), 2n ** 63n - 1n] : integerRange(dtype);
};

/** The value of a result that nothing goes into, and that folding starts from. */
export function neutral(kind: FoldKind, dtype: DType): number | bigint {
  const plain = { sum: 0, prod: 1, any: 0, all: 1, max: limits(dtype)[0], min: limits(dtype)[1] }[kind];
  return dtype === 'int64' ? BigInt(plain) : plain;
}

/** Whether TFLite computes with the scales: a requantized sum or product; else it folds the stored values. */
export const isRescaled = (op: OpView<FoldKind>): boolean =>
  (op.kind === 'sum' || op.kind === 'prod') &&
  isQuantizable(operand(op, 0).dtype) &&
  operand(op, 0).quantization !== null;

/** The multiplier of a quantized uint8 sum. Source: PrepareMeanOrSum (reduce.cc). */
export const sumMultiplier = (input: Tensor, output: Tensor): Multiplier =>
  quantizeMultiplier(parameters(input).scale / parameters(output).scale);

/**
 * The line that an int8 or int16 sum goes through, in float32. What the reference kernel of TFLite 2.21 gives for these
 * rests on uninitialised memory, so that here its optimized kernel is the one to equal. Source: QuantizedMeanOrSum (optimized/reduce.h).
 */
export function sumLine(input: Tensor, output: Tensor, count: number): { scale: number; bias: number } {
  const f = Math.fround;
  const [from, to] = [parameters(input), parameters(output)];
  const scale = f(from.scale / to.scale);
  return { scale, bias: f(f(-from.zeroPoint * scale) * count) };
}

/** The multiplier after each factor of a quantized product. Source: GetQuantProdScaling (reduce.cc). */
export const factorMultiplier = (input: Tensor, output: Tensor, count: number): Multiplier =>
  quantizeMultiplier(parameters(input).scale / parameters(output).scale ** (1 / count));

type Fold = (a: never, b: never) => number | bigint | boolean;
// TFLite's comparisons, in which a NaN is neither larger nor smaller; Math.max would keep it.
const folds: { readonly [K in FoldKind]: Fold } = {
  sum: (a: number, b: number) => a + b,
  prod: (a: number, b: number) => a * b,
  max: (a: number, b: number) => (b > a ? b : a),
  min: (a: number, b: number) => (b < a ? b : a),
  any: (a: number, b: number) => (a || b ? 1 : 0),
  all: (a: number, b: number) => (a && b ? 1 : 0),
};

function evaluate(op: EvalView<FoldKind>): TensorData[] {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const mask = reducedMask(input, { ...operand(op, 1), data: op.data[1] })!;
  const out = allocate(output.dtype, elements(output.shape));
  if (isRescaled(op)) {
    const count = reducedCount(input.shape, mask);
    if (elements(input.shape) > 0) (op.kind === 'sum' ? addRescaled : multiplyRescaled)(op, mask, count, out);
    return [out];
  }
  const data = op.data[0]!;
  (out as Int32Array).fill(neutral(op.kind, output.dtype) as number);
  // Of a reduction to one element TFLite takes the first one as it is: it may be below every finite number.
  if (mask.every(Boolean) && data.length > 0) out[0] = data[0];
  const skip = mask.every(Boolean) ? 1 : 0;
  const fold = (op.kind === 'prod' && output.dtype === 'int32' ? Math.imul : folds[op.kind]) as (
    a: number,
    b: number,
  ) => number;
  let i = 0;
  // Storing rounds floats and wraps integers.
  for (const o of reduceTargets(input.shape, mask)) {
    if (i >= skip) out[o] = fold(out[o] as number, data[i] as number);
    i++;
  }
  return [out];
}

/** Whether a sum goes through `sumLine`. */
export const isSummedOnLine = ({ dtype }: Tensor): boolean => dtype === 'int8' || dtype === 'int16';

/** Source: QuantizedMeanOrSum (reference/reduce.h); of int8 and int16 see `sumLine`. */
function addRescaled(op: EvalView<FoldKind>, mask: readonly boolean[], count: number, out: TensorData): void {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const sums = new Int32Array(out.length);
  const data = op.data[0] as Int8Array;
  let i = 0;
  for (const o of reduceTargets(input.shape, mask)) sums[o] += data[i++];
  if (isSummedOnLine(input)) {
    const { scale, bias } = sumLine(input, output, count);
    const f = Math.fround;
    finish(sums, output, out, (x) => roundAway(f(f(f(x) * scale) + bias)));
    return;
  }
  const zero = Math.imul(parameters(input).zeroPoint, count);
  const m = sumMultiplier(input, output);
  finish(sums, output, out, (x) => multiplyByMultiplier((x - zero) | 0, m) | 0);
}

/** Every factor is rescaled on its own, in 64 bit. Source: QuantizedReduceProd (reference/reduce.h). */
function multiplyRescaled(op: EvalView<FoldKind>, mask: readonly boolean[], count: number, out: TensorData): void {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const products = new Int32Array(out.length);
  const begun = new Uint8Array(out.length);
  const data = op.data[0] as Int8Array;
  const { zeroPoint } = parameters(input);
  const m = factorMultiplier(input, output, count);
  let i = 0;
  for (const o of reduceTargets(input.shape, mask)) {
    const factor = data[i++] - zeroPoint;
    products[o] = begun[o] ? multiplyByMultiplier64(products[o] * factor, m) : factor;
    begun[o] = 1;
  }
  finish(products, output, out, (x) => multiplyByMultiplier64(x, m));
}

function finish(sums: Int32Array, output: Tensor, out: TensorData, rescale: (x: number) => number): void {
  const [lo, hi] = integerRange(output.dtype);
  const { zeroPoint } = parameters(output);
  sums.forEach((x, o) => {
    out[o] = clamp(rescale(x) + zeroPoint, lo, hi);
  });
}

/** The rescaling of 64-bit products shifts right by at least one bit. */
function factorTooLarge(op: OpView<FoldKind>): Problem {
  const mask = reducedMask(operand(op, 0), operand(op, 1));
  if (op.kind !== 'prod' || mask === null) return null;
  const count = Math.max(1, reducedCount(operand(op, 0).shape, mask));
  return factorMultiplier(operand(op, 0), op.outputs[0], count).shift > 14 && 'the scales are too far apart';
}

const folding = <K extends FoldKind>(kind: K, operandNames?: readonly string[]): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    operandNames,
    check: (op) =>
      firstProblems(
        () => [
          dtypeIs(operand(op, 0), 'the input', ...ALLOWED[kind]),
          sameDtype(operand(op, 0), 'the input', op.outputs[0], 'the output'),
          ...axesProblems(op),
        ],
        () =>
          isRescaled(op)
            ? [perTensorQuantized(operand(op, 0), 'the input'), perTensorQuantized(op.outputs[0], 'the output')]
            : [sameParameters(operand(op, 0), op.outputs[0])],
        () => [isRescaled(op) && factorTooLarge(op)],
      ),
    shapes: (op) => [reducedShape(op)],
    evaluate: evaluate as (op: EvalView<K>) => TensorData[],
  });

export const foldOps: OpTable<FoldFamily> = {
  sum: folding('sum', ['input']),
  prod: folding('prod', ['input']),
  max: folding('max'),
  min: folding('min'),
  any: folding('any'),
  all: folding('all'),
};
