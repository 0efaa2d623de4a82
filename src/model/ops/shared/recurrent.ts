/**
 * What layers with a state between steps share: their steps in time, products of weights with float vectors that are
 * quantized while running or not, fused activations. Source: portable_tensor_utils.cc.
 */

import type { Activation } from '../../arithmetic/activation.ts';
import { floatRange } from '../../arithmetic/activation.ts';
import { quantizeBatches } from '../../arithmetic/hybrid.ts';
import { clamp } from '../../arithmetic/rounding.ts';
import { tanhF32 } from '../../arithmetic/transcendental.ts';
import { elements, type Shape } from '../../tensor/shape.ts';
import type { OpAttrs, OpKind } from '../attrs.ts';
import { operand } from '../checks.ts';
import type { EvalView, OpView } from '../definition.ts';

const f = Math.fround;

/** A batch of sequences. */
export interface Sequence {
  readonly batch: number;
  readonly time: number;
}
/** Of data [batch, time, inputs], or time first, or [batch, inputs] for a single step. */
export function sequenceOf(data: Shape, timeMajor: boolean): Sequence {
  if (data.length === 2) return { batch: data[0], time: 1 };
  return timeMajor ? { batch: data[1], time: data[0] } : { batch: data[0], time: data[1] };
}

/**
 * Calls `visit` for each step of each batch entry in the order of the steps. `at`: which row of the data it is; `auxAt`:
 * where its auxiliary data begin, of which a row has `aux` elements. TFLite goes from step to step by `stride`, the width
 * of the main data.
 */
export function eachStep(
  { batch, time }: Sequence,
  order: { readonly timeMajor: boolean; readonly reversed: boolean },
  { aux, stride }: { readonly aux: number; readonly stride: number },
  visit: (batch: number, at: number, auxAt: number) => void,
): void {
  for (let step = 0; step < time; step++) {
    const t = order.reversed ? time - 1 - step : step;
    for (let b = 0; b < batch; b++) {
      const at = order.timeMajor ? t * batch + b : b * time + t;
      visit(b, at, order.timeMajor ? t * batch * stride + b * aux : at * stride);
    }
  }
}

/** Every step of every batch entry goes through all weights: the operands of two dimensions behind the data. */
export function recurrentMacs({ inputs: [data, ...others] }: OpView<OpKind>): number {
  const weights = others.filter((t) => t?.shape.length === 2 && !t.variable);
  return elements(data!.shape.slice(0, -1)) * weights.reduce((sum, t) => sum + elements(t!.shape), 0);
}

/** The product of row `row` of the weights in operand `weights` with a vector. */
export type Product = (weights: number, row: number) => number;

/** Kinds whose float data may meet int8 weights. */
type HybridKind = {
  [K in OpKind]: OpAttrs[K] extends { readonly asymmetricQuantizeInputs: boolean } ? K : never;
}[OpKind];

function floatProduct(op: EvalView<HybridKind>, vector: Float32Array): Product {
  return (weights, row) => {
    const w = op.data[weights] as Float32Array;
    const from = row * vector.length;
    let sum = 0;
    for (let k = 0; k < vector.length; k++) sum = f(sum + f(w[from + k] * vector[k]));
    return sum;
  };
}

function hybridProduct(op: EvalView<HybridKind>, vector: Float32Array): Product {
  const q = quantizeBatches(vector, 1, op.attrs.asymmetricQuantizeInputs);
  const values = Int16Array.from(q.values, (v) => v - q.offsets[0]);
  return (weights, row) => {
    const w = op.data[weights] as Int8Array;
    const from = row * values.length;
    let sum = 0;
    for (let k = 0; k < values.length; k++) sum = (sum + Math.imul(w[from + k], values[k])) | 0;
    return f(f(sum) * f(q.scales[0] * operand(op, weights).quantization!.scales[0]));
  };
}

/** What makes products of vectors, which are quantized while running where weights are int8. */
export const preparing =
  (op: EvalView<HybridKind>, isHybrid: boolean) =>
  (vector: Float32Array): Product =>
    (isHybrid ? hybridProduct : floatProduct)(op, vector);

/** Any activation that TFLite can fuse here. */
export function activationOf(activation: Activation): (x: number) => number {
  if (activation === 'TANH') return tanhF32;
  const { min, max } = floatRange(activation);
  return (x) => clamp(x, min, max);
}
