/** The `conv_reference` of a layer (native/kernels/conv_reference.h): element types and epilogue. */

import { parameters } from '../../../model/ops/checks.ts';
import { isWide, weightedForm } from '../../../model/ops/shared/weights.ts';
import { type DType, itemSize } from '../../../model/tensor/dtype.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import type { EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import type { ConvShape, ReferenceResult } from '../../lower/layers.ts';
import { epilogueFields, floatClamp, type Layout } from '../epilogue/fields.ts';

const ELEMENT: Readonly<Record<string, string>> = {
  ...{ int4: 'ELEMENT_I8', int8: 'ELEMENT_I8', uint8: 'ELEMENT_U8', int16: 'ELEMENT_I16', float32: 'ELEMENT_F32' },
};

/** ELEMENT_* of native/kernels/conv_reference.h. */
export const elementName = (dtype: DType): string => ELEMENT[dtype];

/** The remaining members of a `conv_reference`: window, batch, output channels, depth multiplier. */
export interface ReferenceWindow {
  readonly shape: ConvShape;
  readonly batch: number;
  readonly outs: number;
  readonly multiplier: number;
}

/** The `conv_reference` of a layer, called `p`. */
export function resultDescription(layer: ReferenceResult, window: ReferenceWindow, ctx: EmitContext): string {
  const { data, weights, output } = layer;
  const { batch, outs, multiplier } = window;
  const form = weightedForm(data, weights)!;
  const zeroOf = (t: Tensor): number => (form === 'integer' ? parameters(t).zeroPoint : 0);
  const shape = integers({ ...window.shape, item: itemSize(data.dtype) });
  return cDescription('conv_reference', 'p', {
    ...Object.fromEntries(Object.entries(shape).map(([name, value]) => [`shape.${name}`, value])),
    ...integers({ batch, outs, multiplier }),
    ...{ data: elementName(data.dtype), weight: elementName(weights.dtype), result: elementName(output.dtype) },
    ...integers({ data_zero: zeroOf(data), weight_zero: zeroOf(weights) }),
    ...(form === 'integer' ? integerFields(layer, outs, ctx) : realFields(layer, outs, ctx)),
  });
}

/** Epilogue with float results: float accumulators, or hybrid. */
function realFields(layer: ReferenceResult, outs: number, ctx: EmitContext): Fields {
  const { data, weights, bias, operands, activation, hybrid } = layer;
  const fields: Fields = { ...floatClamp(activation), ...(bias !== null && { bias: ctx.input(operands.bias) }) };
  if (weightedForm(data, weights) === 'float') return { ...fields, epilogue: 'EPILOGUE_FLOAT' };
  const { scales } = weights.quantization!;
  const perChannel = Float32Array.from({ length: outs }, (_, c) => scales[scales.length === 1 ? 0 : c]);
  return {
    ...{ ...fields, epilogue: 'EPILOGUE_HYBRID' },
    ...integers({
      with_tanh: activation === 'TANH',
      asymmetric: hybrid.asymmetric,
      weights_then_data: hybrid.weightsThenData,
    }),
    weight_scale: ctx.constant(perChannel),
  };
}

/** Epilogue with integer results. 64-bit accumulators (INT16x8) round as profile `tflite` in every profile. */
function integerFields(layer: ReferenceResult, outs: number, ctx: EmitContext): Fields {
  const { data, bias, operands, output, activation, requantization, halvesUp } = layer;
  const wide = isWide(data, bias, layer);
  const layout: Layout = (valueAt) => Array.from({ length: outs }, (_, c) => valueAt(c));
  const zeros = () => ctx.constant(wide ? new BigInt64Array(outs) : new Int32Array(outs));
  const start = bias === null ? zeros() : ctx.input(operands.bias);
  const fields = epilogueFields(
    {
      ...{ output, activation, requantization: requantization!, layout },
      ...{ profile: wide || halvesUp ? 'tflite' : ctx.profile, bias: wide ? 'NULL' : start },
    },
    ctx,
  );
  const epilogue = wide ? 'EPILOGUE_INT64' : halvesUp ? 'EPILOGUE_HALVES_UP' : 'EPILOGUE_INT32';
  return { epilogue, ...(wide ? { bias_wide: start } : {}), ...fields };
}
