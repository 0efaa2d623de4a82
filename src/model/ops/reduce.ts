import { type Multiplier, multiplyByMultiplier, quantizeMultiplier } from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { allocate, integerRange, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defineOp, dtypeIs, firstProblems, operand, parameters, perTensorOrBare, sameDtype } from './checks.ts';
import type { EvalView, OpTable } from './definition.ts';
import {
  axesProblems,
  type ReduceFamily,
  reducedCount,
  reducedMask,
  reducedShape,
  reduceTargets,
} from './reduce/axes.ts';
import { foldOps } from './reduce/fold.ts';

/**
 * The multiplier of a quantized mean: input scale / output scale with 1/count folded in by integer division.
 * Source: QuantizedMeanOrSum (reference/reduce.h).
 */
export function meanMultiplier(input: Tensor, output: Tensor, count: number): Multiplier {
  const m = quantizeMultiplier(parameters(input).scale / parameters(output).scale);
  const shift = Math.min(Math.floor(Math.log2(count)), 32, 31 + m.shift);
  const divided = shift < 0 ? BigInt(m.multiplier) >> BigInt(-shift) : BigInt(m.multiplier) << BigInt(shift);
  return { multiplier: Number(BigInt.asIntN(32, divided / BigInt(count))), shift: m.shift - shift };
}

function evaluate(op: EvalView<'mean'>): TensorData[] {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const mask = reducedMask(input, { ...operand(op, 1), data: op.data[1] })!;
  const out = allocate(output.dtype, elements(output.shape));
  const count = reducedCount(input.shape, mask);
  if (elements(input.shape) === 0) {
    if (input.dtype === 'float32') (out as Float32Array).fill(Number.NaN);
    return [out];
  }
  if (input.dtype === 'int64' || input.dtype === 'int32') {
    const sums = new BigInt64Array(out.length);
    let i = 0;
    for (const o of reduceTargets(input.shape, mask)) sums[o] += BigInt(op.data[0]![i++]);
    for (let o = 0; o < out.length; o++) {
      const mean = sums[o] / BigInt(count);
      out[o] = input.dtype === 'int64' ? mean : Number(BigInt.asIntN(32, mean));
    }
    return [out];
  }
  const float = input.dtype === 'float32';
  const sums = float ? new Float32Array(out.length) : new Int32Array(out.length);
  const data = op.data[0] as Float32Array;
  let i = 0;
  for (const o of reduceTargets(input.shape, mask)) sums[o] += data[i++];
  if (float) {
    for (let o = 0; o < out.length; o++) out[o] = sums[o] / count;
    return [out];
  }
  const m = meanMultiplier(input, output, count);
  const zero = parameters(input).zeroPoint;
  const { zeroPoint } = parameters(output);
  const [lo, hi] = integerRange(output.dtype);
  for (let o = 0; o < out.length; o++) {
    out[o] = clamp((multiplyByMultiplier((sums[o] - zero * count) | 0, m) + zeroPoint) | 0, lo, hi);
  }
  return [out];
}

export const reduceOps: OpTable<ReduceFamily> = {
  mean: defineOp({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    operandNames: ['input'],
    check: (op) => {
      const [data, output] = [operand(op, 0), op.outputs[0]];
      return firstProblems(
        () => [
          dtypeIs(data, 'the input', 'float32', 'int8', 'uint8', 'int16', 'int32', 'int64'),
          sameDtype(data, 'the input', output, 'the output'),
          ...axesProblems(op),
        ],
        () =>
          data.dtype === 'int8' || data.dtype === 'uint8' || data.dtype === 'int16'
            ? [perTensorOrBare(data, 'the input'), perTensorOrBare(output, 'the output')]
            : [],
      );
    },
    shapes: (op) => [reducedShape(op)],
    evaluate,
  }),
  ...foldOps,
};
