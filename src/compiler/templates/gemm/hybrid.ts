/** Instances of native/kernels/hybrid_gemm.h: float data and constant integer weights by the matrix multiplication templates. */
import type { Tensor } from '../../../model/ir/graph.ts';
import { elements } from '../../../model/tensor/shape.ts';
import { alignUp } from '../../codegen/plan.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, integers } from '../../emission/description.ts';
import { leadOfImages } from '../../emission/lead.ts';
import type { GemmLayer } from '../../lower/layers.ts';
import { floatClamp } from '../epilogue/epilogue.ts';
import { type GemmSchedule, type GemmWorkload, packGemm } from '../index.ts';
import type { PlainLayer } from '../reference/plain.ts';
import { bandsOf, integerFields, SPARE, workloadOf } from './emit.ts';
import { loopOf } from './loop.ts';

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
  const loop = loopOf(s, w.unsigned, ctx.target);
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
    ...loop.fields,
    ...{ 'out.requantize': 'GEMM_SUMS', 'out.bias': ctx.constant(packed.bias) },
  });
  const from = { data: ctx.input(0), bias: bias === null ? 'NULL' : ctx.input(2) };
  const call = inPlace
    ? rowsCall(w, packed.depth, layer.op === 'nn.dense' ? 1 : pixels, from, ctx)
    : convCall(layer, s, packed.depth, bands, bytes, from, ctx);
  return {
    includes: ['hybrid_gemm.h'],
    functions: loop.functions,
    body: `${h}${g}${call.text}`,
    // Where rows are read in place, all of them are quantized before the first result.
    inPlace: [{ operand: 0, lead: inPlace ? -Infinity : leadOfLayer(layer) }],
    scratchInPlace: call.lead === null ? [] : [{ operand: 0, lead: call.lead }],
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
    // An image's bytes are written where its floats have been read.
    inPlace: [{ operand: 0, lead: leadOfLayer(layer) }],
    scratchInPlace: [{ operand: 0, lead: 0 }],
  };
}

const leadOfLayer = ({ batch, data, output }: Pick<HybridLayer, 'batch' | 'data' | 'output'>): number =>
  leadOfImages(batch, (4 * elements(data.shape)) / batch, (4 * elements(output.shape)) / batch);

interface Call {
  readonly text: string;
  /** How far before the data the scratch memory may begin; null: it must be apart. */
  readonly lead: number | null;
}
interface From {
  readonly data: string;
  readonly bias: string;
}

/** Scales and zero points lie before the data, and the bytes of each image where its floats, or those before, were. */
function rowsCall(w: GemmWorkload, rowBytes: number, shared: number, { data, bias }: From, ctx: EmitContext): Call {
  const images = w.m / shared;
  const front = 8 * images;
  const work = ctx.scratch(front);
  const q = ctx.scratch(w.m * rowBytes + SPARE);
  return {
    text: `hybrid_rows(&h, &g, ${shared}, ${[data, bias, work, q, ctx.output(0)].join(', ')});\n`,
    lead: images === 1 || rowBytes <= 4 * w.k ? alignUp(front) : null,
  };
}

/** All scratch memory lies over the first image, or before it: what is behind an image's bytes is written when it is read. */
function convCall(
  { shape, batch, data: { shape: extents } }: HybridLayer,
  s: GemmSchedule,
  rowBytes: number,
  bands: Readonly<Record<'band' | 'band_w', number>>,
  paddedBytes: number,
  { data, bias }: From,
  ctx: EmitContext,
): Call {
  const image = elements(extents) / batch;
  const sizes = [image + SPARE, paddedBytes === 0 ? 0 : paddedBytes + SPARE, s.mr * rowBytes + SPARE];
  const window = integers({ ...shape, item: 1, images: 1, ...bands, row_bytes: rowBytes });
  const operands = [data, bias, ...sizes.map((bytes) => ctx.scratch(bytes)), ctx.output(0)].join(', ');
  const all = sizes.reduce((sum, bytes) => sum + alignUp(bytes), 0);
  return {
    text: `${cDescription('conv_shape', 's', window)}hybrid_conv(&h, &g, &s, ${batch}, ${operands});\n`,
    lead: batch === 1 ? 0 : Math.max(0, all - 4 * image),
  };
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
