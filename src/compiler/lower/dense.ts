/** FULLY_CONNECTED. */

import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { operand } from '../../model/ops/checks.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { asBytes, type DenseFamily, denseFactors, readsBytes } from '../../model/ops/dense.ts';
import { isWide, weightedForm } from '../../model/ops/shared/weights.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Layer, Requantization } from './layers.ts';
import type { LoweringTable } from './lowering.ts';
import { constantWeights, isConstant, isInt8Constant, pixelsShape } from './weights.ts';

function lowerDense(op: OpView<'nn.dense'>, profile: Profile): Layer | null {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const [units, depth] = weights.shape;
  const rows = elements(output.shape) / units;
  const { activation, biasType, asymmetricQuantizeInputs } = op.attrs;
  const form = weightedForm(data, weights)!;
  if (rows === 0) return null;
  const requantization = form === 'integer' ? requantizationOf(op, profile) : null;
  const narrow = form !== 'hybrid' && data.dtype !== 'int16' && output.dtype === data.dtype;
  if (narrow && isConstant(weights, bias))
    return {
      ...{ kind: 'gemm', op: 'nn.dense', data, output, weights: constantWeights(weights, bias) },
      ...{ shape: pixelsShape(rows, depth), m: rows, columns: units, activation, requantization },
    };
  const hybrid = { asymmetric: asymmetricQuantizeInputs, weightsThenData: false };
  const rowByRow = { shape: pixelsShape(1, depth), batch: rows, outs: units };
  if (form === 'hybrid' && isInt8Constant(weights))
    return { kind: 'hybrid_gemm', op: 'nn.dense', data, weights, bias, output, ...rowByRow, activation, hybrid };
  return {
    ...{ kind: 'reference_conv', bias, output, operands: { data: 0, weights: 1, bias: 2 }, ...rowByRow, multiplier: 0 },
    ...(readsBytes(op) ? { data: asBytes(data), weights: asBytes(weights), halvesUp: true } : { data, weights }),
    ...{ activation, requantization, hybrid, biasType },
  };
}

function requantizationOf(op: OpView<'nn.dense'>, profile: Profile): Requantization {
  const [data, weights, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const wide = isWide(data, op.inputs[2], op.attrs);
  return {
    factors: denseFactors(data, weights, output, profile),
    inDouble: wide || (profile === 'tflite' && !readsBytes(op)),
  };
}

export const denseLowerings: LoweringTable<DenseFamily> = { 'nn.dense': lowerDense };
