/** Instances of native/kernels/hybrid_gemm.h: float data and constant integer weights by the matrix multiplication templates. */
import type { Tensor } from '../../../model/ir/graph.ts';
import { elements } from '../../../model/tensor/shape.ts';
import { type GemmSchedule, type GemmWorkload, packGemm } from '../../schedules/index.ts';
import type { Emission, EmitContext } from '../emitter.ts';
import { cDescription, floatClamp, integers } from './epilogue.ts';
import { bandsOf, emitLoop, integerFields, SPARE, workloadOf } from './gemm.ts';
import type { GemmLayer } from './layers.ts';
import type { PlainLayer } from './plain.ts';

/** A hybrid layer; its weights are constant, [outs][k]. */
export interface HybridLayer extends Omit<PlainLayer, 'requantization' | 'halvesUp' | 'multiplier' | 'biasType'> {
  readonly op: GemmLayer['op'];
}

/** Whether a layer's weights are such as this template takes. */
export const takesHybrid = (weights: Tensor): boolean => weights.data instanceof Int8Array;

/** The C of a layer. */
export function emitHybridGemm(layer: HybridLayer, ctx: EmitContext): Emission {
  const { shape, batch, outs, bias } = layer;
  const weights = layer.weights.data as Int8Array;
  const pixels = shape.out_h * shape.out_w;
  const sums: GemmLayer = {
    ...{ op: layer.op, data: { ...layer.data, dtype: 'int8' }, output: layer.output, shape, m: batch * pixels },
    ...{
      columns: outs,
      activation: 'NONE',
      requantization: null,
      weights: { data: weights, zeroPoint: 0, bias: null },
    },
  };
  // Rows are quantized one by one, to where they end as a tile wants it.
  const { workload: w, schedule: s } = workloadOf(sums, ctx, layer.op === 'nn.dense');
  const packed = packGemm(w, s, sums.weights, 0);
  const depth = weights.length / outs;
  const h = finishOf(
    layer,
    Int32Array.from({ length: outs }, (_, c) => sumOf(weights, c * depth, depth)),
    ctx,
  );
  const inPlace = w.inPlace;
  const { bytes, ...bands } = bandsOf(shape, s.mr, 1, 1);
  const g = cDescription('gemm_i8', 'g', {
    ...integerFields(w, s, packed, { m: inPlace ? w.m : bands.band * shape.out_w, lda: packed.depth, ldc: outs }, ctx),
    ...{ 'out.requantize': 'GEMM_SUMS', 'out.bias': ctx.constant(packed.bias) },
  });
  const q = ctx.scratch((inPlace ? w.m * packed.depth : elements(layer.data.shape) / batch) + SPARE);
  const ends = [ctx.input(0), bias === null ? 'NULL' : ctx.input(2), q];
  const call = inPlace
    ? rowsCall(w, layer.op === 'nn.dense' ? 1 : pixels, ends, ctx)
    : convCall(layer, s, packed.depth, bands, bytes, ends, ctx);
  return {
    includes: ['hybrid_gemm.h'],
    ...emitLoop(s),
    body: `${h}${g}${call}`,
    // All data is quantized before the first result; an image's bytes lie first of the scratch memory.
    inPlace: batch === 1 || inPlace ? [{ operand: 0, lead: -Infinity }] : [],
    scratchInPlace: batch === 1 ? [{ operand: 0, lead: 0 }] : [],
  };
}

/** The `hybrid` called `h`. */
function finishOf(layer: Omit<HybridLayer, 'op'>, weightSums: Int32Array, ctx: EmitContext): string {
  const { outs, activation, hybrid, weights } = layer;
  return cDescription('hybrid', 'h', {
    ...integers({ outs, asymmetric: hybrid.asymmetric, weights_then_data: hybrid.weightsThenData }),
    ...integers({ with_tanh: activation === 'TANH' }),
    weight_sums: ctx.constant(weightSums),
    weight_scale: ctx.constant(Float32Array.from({ length: outs }, (_, c) => scaleOf(weights, c))),
    ...floatClamp(activation),
  });
}

/** The C of a depthwise layer of multiplier 1. */
export function emitHybridDepthwise(layer: Omit<HybridLayer, 'op'>, ctx: EmitContext): Emission {
  const { shape, batch, outs, bias } = layer;
  const q = ctx.scratch(elements(layer.data.shape) / batch);
  const window = cDescription('conv_shape', 's', integers({ ...shape, item: 1 }));
  const operands = [ctx.input(0), ctx.input(1), bias === null ? 'NULL' : ctx.input(2), q, ctx.output(0)];
  return {
    includes: ['hybrid_depthwise.h'],
    body: `${finishOf(layer, new Int32Array(outs), ctx)}${window}hybrid_depthwise(&h, &s, ${batch}, ${operands.join(', ')});\n`,
    // An image's bytes are written where its floats have been read, and all of it is read before its first result.
    inPlace: batch === 1 ? [{ operand: 0, lead: -Infinity }] : [],
    scratchInPlace: [{ operand: 0, lead: 0 }],
  };
}

function rowsCall(w: GemmWorkload, shared: number, ends: readonly string[], ctx: EmitContext): string {
  const each = 4 * (w.m / shared);
  const work = [ctx.scratch(each), ctx.scratch(each)];
  return `hybrid_rows(&h, &g, ${shared}, ${[...ends, ...work, ctx.output(0)].join(', ')});\n`;
}

function convCall(
  { shape, batch }: HybridLayer,
  s: GemmSchedule,
  rowBytes: number,
  bands: Readonly<Record<'band' | 'band_w', number>>,
  paddedBytes: number,
  ends: readonly string[],
  ctx: EmitContext,
): string {
  const padded = paddedBytes === 0 ? 'NULL' : ctx.scratch(paddedBytes + SPARE);
  const panel = ctx.scratch(s.mr * rowBytes + SPARE);
  const window = integers({ ...shape, item: 1, images: 1, ...bands, row_bytes: rowBytes });
  const operands = [...ends, padded, panel, ctx.output(0)].join(', ');
  return `${cDescription('conv_shape', 's', window)}hybrid_conv(&h, &g, &s, ${batch}, ${operands});\n`;
}

function sumOf(values: Int8Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i];
  return sum | 0;
}

function scaleOf(weights: Tensor, channel: number): number {
  const { scales } = weights.quantization!;
  return scales[scales.length === 1 ? 0 : channel];
}
