/** Instances of native/kernels/conv_plain.h: the forms of operators with weights that have no template. */

import type { Activation } from '../../../model/arithmetic/activation.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { type BiasType, isWide, weightedForm } from '../../../model/ops/shared/weights.ts';
import { type DType, itemSize } from '../../../model/tensor/dtype.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import { leadOfImages } from '../../emission/lead.ts';
import type { ConvShape } from '../../lower/layers.ts';
import { epilogueFields, floatClamp, type Layout, type Requantization } from '../epilogue/epilogue.ts';

export interface PlainLayer extends BiasType {
  readonly data: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | null;
  readonly output: Tensor;
  readonly shape: ConvShape;
  readonly batch: number;
  /** Output channels. */
  readonly outs: number;
  /** Depth multiplier; 0 for OHWI weights. */
  readonly multiplier: number;
  readonly activation: Activation;
  /** null for float and hybrid. */
  readonly requantization: Requantization | null;
  /** Rounds twice, with halves up, whatever the profile. */
  readonly halvesUp?: boolean;
  /** How a hybrid layer quantizes its data and scales its sums. */
  readonly hybrid: { readonly asymmetric: boolean; readonly weightsThenData: boolean };
}

const ELEMENT: Readonly<Record<string, string>> = {
  ...{ int4: 'PLAIN_I8', int8: 'PLAIN_I8', uint8: 'PLAIN_U8', int16: 'PLAIN_I16', float32: 'PLAIN_F32' },
};

/** How the kernels name a type of elements. */
export const plainElement = (dtype: DType): string => ELEMENT[dtype];

/** The C of a layer. */
export function emitPlain(layer: PlainLayer, ctx: EmitContext): Emission {
  const { in_h, in_w, channels, out_h, out_w } = layer.shape;
  const { batch, outs } = layer;
  const hybrid = weightedForm(layer.data, layer.weights) === 'hybrid';
  const scratch = hybrid ? ctx.scratch(in_h * in_w * channels) : 'NULL';
  return {
    includes: ['conv_plain.h'],
    body: `${plainDescription(layer, ctx)}conv_plain_run(&p, ${ctx.input(0)}, ${ctx.input(1)}, ${scratch}, ${ctx.output(0)});\n`,
    // An image's bytes are written where its floats have been read, and all of it is read before its first result.
    ...(hybrid && {
      scratchInPlace: [{ operand: 0, lead: 0 }],
      inPlace: [{ operand: 0, lead: leadOfImages(batch, 4 * in_h * in_w * channels, 4 * out_h * out_w * outs) }],
    }),
  };
}

/** The `conv_plain` of a layer, called `p`. */
export function plainDescription(layer: PlainLayer, ctx: EmitContext): string {
  const { data, weights, bias, output } = layer;
  const form = weightedForm(data, weights)!;
  const all = <T>(values: readonly T[]): T[] =>
    Array.from({ length: layer.outs }, (_, c) => values[values.length === 1 ? 0 : c]);
  const item = itemSize(data.dtype);
  const zeroOf = (t: Tensor): number => (form === 'integer' ? parameters(t).zeroPoint : 0);
  const shape = integers({ ...layer.shape, item });
  const fields: Fields = {
    ...Object.fromEntries(Object.entries(shape).map(([name, value]) => [`shape.${name}`, value])),
    ...integers({ batch: layer.batch, outs: layer.outs, multiplier: layer.multiplier }),
    ...{ data: ELEMENT[data.dtype], weight: ELEMENT[weights.dtype], result: ELEMENT[output.dtype] },
    ...integers({ data_zero: zeroOf(data), weight_zero: zeroOf(weights) }),
    ...(form === 'integer' ? integerFields(layer, ctx) : floatClamp(layer.activation)),
    ...(form === 'integer' || bias === null ? {} : { bias: ctx.input(2) }),
    ...(form === 'float' ? { finish: 'PLAIN_FLOAT' } : {}),
    ...(form === 'hybrid'
      ? {
          finish: 'PLAIN_HYBRID',
          ...integers({
            with_tanh: layer.activation === 'TANH',
            asymmetric: layer.hybrid.asymmetric,
            weights_then_data: layer.hybrid.weightsThenData,
          }),
          weight_scale: ctx.constant(Float32Array.from(all(weights.quantization!.scales))),
        }
      : {}),
  };
  return cDescription('conv_plain', 'p', fields);
}

/** Sums of 32 or of 64 bits; INT16x8 layers of 64-bit sums are always rounded as profile `tflite` does. */
function integerFields(layer: PlainLayer, ctx: EmitContext): Fields {
  const { data, bias, output, outs, requantization } = layer;
  const wide = isWide(data, bias, layer);
  const layout: Layout = (valueAt) => Array.from({ length: outs }, (_, c) => valueAt(c));
  const zeros = () => ctx.constant(wide ? new BigInt64Array(outs) : new Int32Array(outs));
  const sums = bias === null ? zeros() : ctx.input(2);
  const fields = epilogueFields(
    {
      ...{ output, activation: layer.activation, requantization: requantization!, layout },
      ...{ profile: wide || layer.halvesUp ? 'tflite' : ctx.profile, bias: wide ? 'NULL' : sums },
    },
    ctx,
  );
  const finish = wide ? 'PLAIN_WIDE' : layer.halvesUp ? 'PLAIN_HALVES_UP' : 'PLAIN_INTEGER';
  return { finish, ...(wide ? { bias_wide: sums } : {}), ...fields };
}
