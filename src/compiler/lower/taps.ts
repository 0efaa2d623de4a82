/** TRANSPOSE_CONV, CONV_3D and CONV_3D_TRANSPOSE. */
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { operand } from '../../model/ops/checks.ts';
import {
  asWeighted,
  type ConvTransposeFamily,
  transposeGeometry,
  WEIGHTED_ORDER,
} from '../../model/ops/conv_transpose.ts';
import { type Conv3dFamily, conv3dGeometry, conv3dTransposeGeometry } from '../../model/ops/conv3d.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { type Direct, swapChannels, tapsFirst } from '../../model/ops/shared/direct.ts';
import { centered, convFactors, weightedForm } from '../../model/ops/shared/weights.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { ReferenceTapsLayer, TapWeights } from './layers.ts';
import type { LoweringTable } from './lowering.ts';
import { zeroPointOf } from './weights.ts';

const isEmpty = (op: OpView<'nn.conv3d' | 'nn.conv3d_transpose' | 'nn.conv2d_transpose'>): boolean =>
  elements(op.outputs[0].shape) === 0;

const [DATA, WEIGHTS, BIAS] = WEIGHTED_ORDER;
const TRANSPOSED_OPERANDS = { data: DATA, weights: WEIGHTS, bias: BIAS };

function lowerTransposed(given: OpView<'nn.conv2d_transpose'>, profile: Profile): ReferenceTapsLayer | null {
  if (isEmpty(given)) return null;
  const op = asWeighted(given);
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const integer = weightedForm(data, weights) === 'integer';
  const { activation, biasType } = op.attrs;
  return {
    ...{ kind: 'reference_taps', data, weights, bias, output, operands: TRANSPOSED_OPERANDS },
    ...{ activation, biasType, hybrid: { asymmetric: true, weightsThenData: true } },
    requantization: integer ? { factors: convFactors(data, weights, output, profile), inDouble: false } : null,
    geometry: transposeGeometry(op),
    layout: layoutOfOhwi(op),
  };
}

function layoutOfOhwi(op: OpView<'nn.conv2d_transpose'>): TapWeights {
  const weights = operand(op, 1);
  const outs = weights.shape[0];
  if (weights.data === null) return { from: 'transposed', blocks: 1, inner: elements(weights.shape) / outs };
  const values =
    weights.dtype === 'float32' ? (weights.data as Float32Array) : centered(weights.data, [zeroPointOf(weights)]);
  return { from: 'constant', values: tapsFirst(values, outs) };
}

function lowerConv3d(op: OpView<'nn.conv3d'>): ReferenceTapsLayer | null {
  if (isEmpty(op)) return null;
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  return {
    ...{ kind: 'reference_taps', data, weights, bias, output, operands: { data: 0, weights: 1, bias: 2 } },
    ...{ activation: op.attrs.activation, requantization: null },
    hybrid: { asymmetric: false, weightsThenData: false },
    ...{ geometry: conv3dGeometry(op), layout: { from: 'operand' } },
  };
}

function lowerConv3dTransposed(op: OpView<'nn.conv3d_transpose'>): ReferenceTapsLayer | null {
  if (isEmpty(op)) return null;
  const [data, weights, output, bias] = [operand(op, 2), operand(op, 1), op.outputs[0], op.inputs[3] ?? null];
  const geometry = conv3dTransposeGeometry(op);
  return {
    ...{ kind: 'reference_taps', data, weights, bias, output, operands: TRANSPOSED_OPERANDS },
    ...{ activation: op.attrs.activation, requantization: null },
    hybrid: { asymmetric: false, weightsThenData: false },
    ...{ geometry, layout: layoutOfDhwoi(op, geometry) },
  };
}

/** Weights [taps][output channels][channels]. */
function layoutOfDhwoi(op: OpView<'nn.conv3d_transpose'>, { outChannels: outs, channels: inner }: Direct): TapWeights {
  const weights = operand(op, 1);
  if (weights.data === null) return { from: 'transposed', blocks: elements(weights.shape) / (outs * inner), inner };
  return { from: 'constant', values: swapChannels(weights.data as Float32Array, outs, inner) };
}

export const tapsLowerings: LoweringTable<Conv3dFamily & ConvTransposeFamily> = {
  'nn.conv3d': lowerConv3d,
  'nn.conv3d_transpose': lowerConv3dTransposed,
  'nn.conv2d_transpose': lowerTransposed,
};
