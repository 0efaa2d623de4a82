import type { Activation } from '../arithmetic/activation.ts';
import { activationRange } from '../arithmetic/activation.ts';
import { quantizeBatches } from '../arithmetic/hybrid.ts';
import { multiplyRows32, multiplyRowsFloat, multiplyRowsWide } from '../arithmetic/linear.ts';
import { multiplyByMultiplierUp, type Profile, quantizeMultiplier, requantizer } from '../arithmetic/multiplier.ts';
import { castInt32, clamp, roundAway } from '../arithmetic/rounding.ts';
import { tanhF32 } from '../arithmetic/transcendental.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { dataOf, defineOp, firstProblems, operand, parameters, rankIs } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import {
  type BiasType,
  biasValues,
  centered,
  checkActivation,
  checkForm,
  checkWeightedQuantization,
  type Finish,
  floatFinish,
  isSingle,
  isWide,
  singleFactors,
  weightedForm,
} from './shared/weights.ts';

export interface DenseFamily {
  /** data [..., K], weights [units, K], optional bias [units]. TFLite FULLY_CONNECTED. */
  'nn.dense': {
    readonly activation: Activation;
    readonly keepNumDims: boolean;
    readonly asymmetricQuantizeInputs: boolean;
  } & BiasType;
}
declare module './attrs.ts' {
  interface OpAttrs extends DenseFamily {}
}

type Kind = 'nn.dense';

/** Input scale · weight scale / output scale, in double but for XNNPACK: one for all units or one a unit. */
export function denseFactors(data: Tensor, weights: Tensor, output: Tensor, profile: Profile): number[] {
  const input = data.quantization!.scales[0];
  const out = output.quantization!.scales[0];
  if (isSingle(output, profile)) return singleFactors(input, weights, out);
  return weights.quantization!.scales.map((w) => (input * w) / out);
}

/**
 * Bias, scaling, zero point and clamp. Since 2025 TFLite's reference kernel scales in double: round(acc · factor),
 * halves away from zero (integer_ops/fully_connected.h); the other profiles use their own rounding.
 */
function denseFinish(op: EvalView<Kind>, units: number): Finish {
  const output = op.outputs[0];
  const { scale, zeroPoint } = parameters(output);
  const { min, max } = activationRange(op.attrs.activation, scale, zeroPoint, output.dtype);
  const factors = denseFactors(operand(op, 0), operand(op, 1), output, op.profile);
  const one = factors.length === 1;
  const wide = isWide(operand(op, 0), op.inputs[2], op.attrs);
  const bias = biasValues(op.data[2], units, wide);
  if (readsBytes(op)) {
    const multipliers = factors.map(quantizeMultiplier);
    const requantize = (acc: number, c: number) => multiplyByMultiplierUp(acc, multipliers[one ? 0 : c]);
    return (acc, c) => clamp((requantize((acc + bias[c]) | 0, c) + zeroPoint) | 0, min, max);
  }
  if (op.profile !== 'tflite' && !wide) {
    const requantize = requantizer(op.profile, factors);
    return (acc, c) => clamp((requantize((acc + bias[c]) | 0, c) + zeroPoint) | 0, min, max);
  }
  const total = wide ? (acc: number, c: number) => acc + bias[c] : (acc: number, c: number) => (acc + bias[c]) | 0;
  return (acc, c) => clamp((castInt32(roundAway(total(acc, c) * factors[one ? 0 : c])) + zeroPoint) | 0, min, max);
}

/**
 * Whether int8 data give int16. TFLite hands such layers, bytes and zero points as they are, to its kernel for uint8 (the
 * reference one crashes on them, so the optimized one counts), which rounds twice with halves up. Source: EvalQuantized
 * (fully_connected.cc).
 */
export const readsBytes = (op: OpView<Kind>): boolean =>
  operand(op, 0).dtype === 'int8' && op.outputs[0].dtype === 'int16';

/** An int8 tensor as uint8 of the same bytes. */
export function asBytes(t: Tensor): Tensor {
  const { scales, zeroPoints, axis } = t.quantization!;
  return { ...t, dtype: 'uint8', quantization: { scales, zeroPoints: zeroPoints.map((z) => z & 255), axis } };
}

/** Integer weights, float data: each row of the data gets its own scale. Source: EvalHybridDense (fully_connected.cc). */
function evaluateHybrid(op: EvalView<Kind>, rows: number, units: number, depth: number, out: Float32Array): void {
  const q = quantizeBatches(dataOf<Float32Array>(op, 0), rows, op.attrs.asymmetricQuantizeInputs);
  const x = centered(q.values, q.offsets);
  const w = centered(op.data[1]!, [0]);
  const scales = operand(op, 1).quantization!.scales;
  const bias = op.data[2] as Float32Array | null | undefined;
  const activate = hybridActivation(op.attrs.activation);
  const sums = new Int32Array(units);
  for (let r = 0, o = 0; r < rows; r++) {
    multiplyRows32(x, r * depth, w, 0, depth, units, sums, 0);
    for (let c = 0; c < units; c++) {
      const scale = Math.fround(q.scales[r] * scales[scales.length === 1 ? 0 : c]);
      out[o++] = activate(Math.fround((bias ? bias[c] : 0) + Math.fround(Math.fround(sums[c]) * scale)));
    }
  }
}

/** Hybrid kernels alone apply every fused activation. */
function hybridActivation(activation: Activation): (x: number) => number {
  if (activation === 'TANH') return tanhF32;
  const clampOnly = floatFinish(null, activation);
  return (x) => clampOnly(x, 0);
}

function evaluate(op: EvalView<Kind>): TensorData[] {
  const [data, weights, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const [units, depth] = weights.shape;
  const out = allocate(output.dtype, elements(output.shape));
  const rows = out.length / units;
  const form = weightedForm(data, weights)!;
  if (form === 'hybrid') {
    evaluateHybrid(op, rows, units, depth, out as Float32Array);
    return [out];
  }
  if (form === 'float') {
    const finish = floatFinish(op.data[2], op.attrs.activation);
    const sums = new Float32Array(units);
    for (let r = 0, o = 0; r < rows; r++) {
      multiplyRowsFloat(dataOf(op, 0), r * depth, dataOf(op, 1), 0, depth, units, sums, 0);
      for (let c = 0; c < units; c++) out[o++] = finish(sums[c], c);
    }
    return [out];
  }
  const finish = denseFinish(op, units);
  const [x, w] = [data, weights].map((t, i) => {
    if (!readsBytes(op)) return centered(op.data[i]!, [parameters(t).zeroPoint]);
    return centered(new Uint8Array(op.data[i] as Int8Array), [parameters(asBytes(t)).zeroPoint]);
  });
  const wide = isWide(data, op.inputs[2], op.attrs);
  const sums = wide ? new Float64Array(units) : new Int32Array(units);
  for (let r = 0, o = 0; r < rows; r++) {
    if (wide) multiplyRowsWide(x, r * depth, w, 0, depth, units, sums as Float64Array, 0);
    else multiplyRows32(x, r * depth, w, 0, depth, units, sums as Int32Array, 0);
    for (let c = 0; c < units; c++) out[o++] = finish(sums[c], c);
  }
  return [out];
}

function shape(op: OpView<Kind>): number[] {
  const data = operand(op, 0);
  const [units, depth] = operand(op, 1).shape;
  return op.attrs.keepNumDims ? [...data.shape.slice(0, -1), units] : [elements(data.shape) / depth, units];
}

export const denseOps: OpTable<DenseFamily> = {
  'nn.dense': defineOp({
    arity: { inputs: [2, 3], outputs: [1, 1] },
    operandNames: ['input', 'kernel'],
    macs: (op) => elements(op.outputs[0].shape) * operand(op, 1).shape.at(-1)!,
    check: (op) => {
      const [data, weights] = [operand(op, 0), operand(op, 1)];
      return firstProblems(
        () => [rankIs(weights, 'the weights', 2), data.shape.length < 1 && 'the input is a scalar'],
        () => {
          const [units, depth] = weights.shape;
          const last = data.shape[data.shape.length - 1];
          return [
            (units < 1 || depth < 1) && `the weights have the shape ${units} × ${depth}`,
            elements(data.shape) % depth !== 0 &&
              `the input's ${elements(data.shape)} elements do not divide into rows of ${depth}`,
            op.attrs.keepNumDims &&
              last !== depth &&
              `the input's last dimension is ${last}, the weights have ${depth}`,
          ];
        },
        // 8-bit data may give int16, as in LSTM cells.
        () =>
          checkForm(
            op,
            weights.shape[0],
            data.dtype !== 'float32' && op.outputs[0].dtype === 'int16' ? 'int16' : data.dtype,
          ),
        () => [
          (weightedForm(data, weights) !== 'hybrid' || op.attrs.activation === 'SIGN_BIT') &&
            checkActivation(op.attrs.activation),
          ...checkWeightedQuantization(op, 0, true),
        ],
      );
    },
    shapes: (op) => [shape(op)],
    evaluate,
  }),
};
